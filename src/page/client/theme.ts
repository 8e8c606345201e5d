/** Light or dark: as the system has it until somebody says otherwise. The choice lasts as long as the page. */
import { button, fill, icon } from './elements/dom.js';

const SUN =
  'M8 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M13 3l-1.1 1.1M4.1 11.9 3 13';
const MOON = 'M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z';

export class Theme {
  private readonly system = matchMedia('(prefers-color-scheme: dark)');
  private chosen: boolean | undefined;
  private readonly watchers: (() => void)[] = [];

  constructor() {
    this.system.addEventListener('change', () => this.tell());
  }

  get isDark(): boolean {
    return this.chosen ?? this.system.matches;
  }

  watch(watcher: () => void): void {
    this.watchers.push(watcher);
  }

  toggle(): HTMLElement {
    const element = button({ class: 'plain' }, () => {
      this.chosen = !this.isDark;
      document.documentElement.dataset['theme'] = this.chosen ? 'dark' : 'light';
      this.tell();
    });
    const label = (): void => {
      const next = this.isDark ? 'Use light colours' : 'Use dark colours';
      element.setAttribute('aria-label', next);
      element.title = next;
      fill(element, icon(this.isDark ? SUN : MOON));
    };
    this.watch(label);
    label();
    return element;
  }

  private tell(): void {
    for (const watcher of this.watchers) watcher();
  }
}
