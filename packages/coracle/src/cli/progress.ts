import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Shows what is done, a line a step with its time; colours and a line in progress only on a terminal. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #begin: number;
  readonly #terminal: boolean;

  constructor(out: NodeJS.WriteStream = process.stderr, begin = performance.now()) {
    this.#out = out;
    this.#begin = begin;
    this.#terminal = out.isTTY === true && process.env['TERM'] !== 'dumb';
  }

  /** Runs a step. `what` may be refined by the step's result. */
  async step<T>(what: string, work: () => Promise<T>, done: (result: T) => string = () => what): Promise<T> {
    const begin = performance.now();
    if (this.#terminal) this.#out.write(`  … ${what}`);
    try {
      const result = await work();
      this.#line(this.paint('green', '✓'), done(result), performance.now() - begin);
      return result;
    } catch (error) {
      this.#line(this.paint('red', '✗'), what, performance.now() - begin);
      throw error;
    }
  }

  /** A line beside the steps. */
  note(text: string): void {
    this.#out.write(`${text}\n`);
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return performance.now() - this.#begin;
  }

  paint(style: Style, text: string): string {
    return this.#terminal ? styleText(style, text, { stream: this.#out, validateStream: true }) : text;
  }

  #line(mark: string, what: string, time: number): void {
    this.#out.write(`${this.#terminal ? '\r\u001b[K' : ''}  ${mark} ${what} ${this.paint('dim', seconds(time))}\n`);
  }
}

/** `1.2 s` */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
