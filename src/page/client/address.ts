/** The address names the tab, the side of a comparison and the path: `#/findings/usr/lib`, `#/gone/before/usr/lib`. */
import { CHANGES } from '../data.js';
import type { Session } from './model/session.js';

/** Milliseconds after which a chosen file is in the address: browsers limit how often that may change. */
const DELAY = 250;
const SIDES = ['before', 'after'] as const;

/** Shows what the address names, now and when it changes; each directory, side and tab becomes an entry of the history. */
export function followAddress(session: Session): void {
  let current = '';
  let isReading = false;
  let timer = 0;
  const read = (): void => {
    if (location.hash === current) return;
    current = location.hash;
    isReading = true;
    show(session, current);
    isReading = false;
  };
  session.watch((view, before) => {
    window.clearTimeout(timer);
    if (isReading) return;
    const address = addressOf(session);
    const isEntry = (['folder', 'side', 'tab', 'change'] as const).every(
      (key) => view[key] === before[key],
    );
    const write = (): void => {
      if (isEntry) location.replace(address);
      else location.hash = address;
      current = location.hash;
    };
    if (!isEntry) write();
    else if (address !== current) timer = window.setTimeout(write, DELAY);
  });
  addEventListener('hashchange', read);
  read();
}

function addressOf({ changes, tree, view }: Session): string {
  const { entry = 0, folder, side, tab, change } = view;
  const at = entry === 0 || tree.isFolder(entry) ? folder : entry;
  const names = tree.lineOf(at).map((one) => tree.names[one] as string);
  names[0] = tab === 'changes' ? change : (tab ?? '');
  if (changes !== undefined) names.splice(1, 0, SIDES[side]);
  return `#/${names.map((name) => encodeURIComponent(name.toWellFormed())).join('/')}`;
}

/** Shows the nearest directory if the side doesn't have the path. */
function show(session: Session, address: string): void {
  const [, tab, ...names] = address.split('/').map(decoded);
  if (session.changes !== undefined) session.show(names.shift() === SIDES[1] ? 1 : 0);
  const change = CHANGES.find((one) => one === tab);
  session.change({
    tab: change === undefined ? tab : 'changes',
    change: change ?? session.view.change,
  });
  const { tree } = session;
  let at = 0;
  for (const name of names) at = tree.childrenOf(at).find((one) => tree.names[one] === name) ?? at;
  session.jump(at);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
