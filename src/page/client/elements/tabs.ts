/** Panels of which one is shown; arrow keys switch (ARIA Authoring Practices, tabs). */
import type { Session } from '../model/session.js';
import { button, type Child, make } from './dom.js';

export interface Tab {
  readonly id: string;
  readonly label: readonly Child[];
  readonly panel: HTMLElement;
}

/** @param key the property of the view that is the ID of the selected tab */
export function tabsOf(
  session: Session,
  key: 'tab' | 'change',
  label: string,
  tabs: readonly Tab[],
  selector = 'div.tabs',
): HTMLElement {
  const buttons = tabs.map(({ id, label: children }) =>
    button(
      { role: 'tab', id: `tab-${id}`, 'aria-controls': `panel-${id}` },
      () => session.change({ [key]: id }),
      ...children,
    ),
  );
  session.render([key], () => {
    const selected = tabs.findIndex(({ id }) => id === session.view[key]);
    tabs.forEach(({ panel }, index) => {
      const isSelected = index === Math.max(selected, 0);
      const control = buttons[index] as HTMLElement;
      control.setAttribute('aria-selected', String(isSelected));
      control.tabIndex = isSelected ? 0 : -1;
      panel.hidden = !isSelected;
    });
  });
  for (const { id, panel } of tabs) {
    panel.id = `panel-${id}`;
    panel.setAttribute('role', 'tabpanel');
    panel.setAttribute('aria-labelledby', `tab-${id}`);
  }
  const line = make('div', { role: 'tablist', 'aria-label': label }, ...buttons);
  line.addEventListener('keydown', (event) => {
    const at = buttons.findIndex((control) => control === event.target);
    const to = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: buttons.length - 1,
    }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = buttons.at(to % buttons.length) as HTMLElement;
    next.click();
    next.focus();
  });
  return make(selector, line, ...tabs.map(({ panel }) => panel));
}
