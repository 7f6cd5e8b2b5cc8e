import { readFileSync } from 'node:fs';
import { parseAddress } from './address.ts';

/** How often (ms) the file is looked at. */
const interval = 1_000;

/** A file that names the backends: a JSON array of `host:port`. */
export class BackendsFile {
  readonly #file: string;
  #text: string;

  /** Throws when the file cannot be read. */
  constructor(file: string) {
    this.#file = file;
    this.#text = readFileSync(file, 'utf8');
  }

  /** The backends it names. Throws with the reason when it names none. */
  get backends(): string[] {
    const content: unknown = JSON.parse(this.#text);
    if (!Array.isArray(content) || content.length === 0 || !content.every((each) => typeof each === 'string')) {
      throw new Error(`${this.#file} must be a JSON array of host:port, with at least one`);
    }
    for (const each of content) parseAddress(each);
    return content;
  }

  /**
   * Calls back with the backends whenever the file's text is not what it was, until the signal aborts; what cannot be used goes to `failed`, once. The
   * text is compared, not the time: no change after the first reading is missed.
   */
  follow(signal: AbortSignal, changed: (backends: string[]) => void, failed: (error: unknown) => void): void {
    let problem = '';
    const look = () => {
      try {
        const text = readFileSync(this.#file, 'utf8');
        problem = '';
        if (text === this.#text) return;
        this.#text = text;
        changed(this.backends);
      } catch (error) {
        if (String(error) !== problem) failed(error);
        problem = String(error);
      }
    };
    const timer = setInterval(look, interval);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }
}
