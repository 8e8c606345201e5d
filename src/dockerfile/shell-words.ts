/** A text put together to words, as the shell lexer of a Dockerfile splits them. */
import { isSpace } from './text.js';

/** Collects words: white space that wasn't quoted separates them. */
export class Words {
  readonly list: string[] = [];
  private word = '';
  private inside = false;

  add(text: string): void {
    for (const character of text) {
      if (!isSpace(character)) this.addQuoted(character);
      else if (this.inside && this.word !== '') {
        this.list.push(this.word);
        this.word = '';
        this.inside = false;
      }
    }
  }

  addQuoted(text: string): void {
    this.word += text;
    this.inside = true;
  }

  end(): string[] {
    if (this.word !== '') this.list.push(this.word);
    this.word = '';
    return this.list;
  }
}
