/** Panels of which one is shown (ARIA Authoring Practices, tabs): arrows change it. */
import { button, type Child, make } from './dom.js';

export interface Tab {
  readonly id: string;
  readonly label: readonly Child[];
  readonly panel: HTMLElement;
}

export interface Tabs {
  readonly element: HTMLElement;
  readonly select: (id: string) => void;
}

export function tabsOf(label: string, tabs: readonly Tab[], className = 'tabs'): Tabs {
  const buttons = tabs.map(({ id, label: children }) =>
    button(
      { role: 'tab', id: `tab-${id}`, 'aria-controls': `panel-${id}` },
      () => select(id),
      ...children,
    ),
  );
  const select = (id: string): void => {
    tabs.forEach((tab, index) => {
      const isIt = tab.id === id;
      const control = buttons[index] as HTMLElement;
      control.setAttribute('aria-selected', String(isIt));
      control.tabIndex = isIt ? 0 : -1;
      tab.panel.hidden = !isIt;
    });
  };
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
    const next = (to + buttons.length) % buttons.length;
    select((tabs[next] as Tab).id);
    buttons[next]?.focus();
  });
  select((tabs[0] as Tab).id);
  return {
    element: make('div', { class: className }, line, ...tabs.map(({ panel }) => panel)),
    select,
  };
}
