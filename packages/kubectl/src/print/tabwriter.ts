/** How columns are set: the least width of a cell, and the blanks after the widest text. */
export interface TabOptions {
  readonly minWidth: number;
  readonly padding: number;
  /** Columns never get narrower than they were in an earlier block (for tables that grow while they are watched). */
  readonly remember?: boolean;
}

/** kubectl's tables. */
export const tableColumns: TabOptions = { minWidth: 6, padding: 3, remember: true };
/** kubectl's descriptions. */
export const describeColumns: TabOptions = { minWidth: 0, padding: 2 };

interface Cell {
  readonly text: string;
  readonly width: number;
}

/**
 * Aligns tab-separated text as Go's text/tabwriter does: a column is a run of consecutive lines that have the cell, and a
 * cell counts only when a tab ends it.
 */
export class TabWriter {
  readonly #options: TabOptions;
  readonly #write: (text: string) => unknown;
  #pending = '';
  #remembered: number[] = [];

  constructor(write: (text: string) => unknown, options: TabOptions) {
    this.#write = write;
    this.#options = options;
  }

  write(text: string): void {
    this.#pending += text;
  }

  /** Aligns and hands on all that was written since the last flush. */
  flush(): void {
    if (this.#pending === '') return;
    const text = this.#align(this.#pending);
    this.#pending = '';
    this.#write(text);
  }

  /** Forgets the widths of earlier blocks. */
  forget(): void {
    this.#remembered = [];
  }

  #align(text: string): string {
    const lines = text
      .split('\n')
      .map((line) => line.split('\t').map((cell): Cell => ({ text: cell, width: [...cell].length })));
    const widths: number[][] = lines.map(() => []);
    this.#format(lines, widths, 0, lines.length, 0);
    return lines
      .map((line, i) =>
        line
          .map((cell, j) =>
            j < widths[i]!.length ? cell.text + ' '.repeat(Math.max(0, widths[i]![j]! - cell.width)) : cell.text,
          )
          .join(''),
      )
      .join('\n');
  }

  /** Sets the widths of column `column` and those right of it, for the lines from `from` to `to`. */
  #format(lines: readonly Cell[][], widths: number[][], from: number, to: number, column: number): void {
    for (let at = from; at < to; at++) {
      if (column >= lines[at]!.length - 1) continue;
      const start = at;
      let width = this.#options.minWidth;
      for (; at < to && column < lines[at]!.length - 1; at++)
        width = Math.max(width, lines[at]![column]!.width + this.#options.padding);
      if (this.#options.remember) {
        width = Math.max(width, this.#remembered[column] ?? 0);
        this.#remembered[column] = width;
      }
      for (let line = start; line < at; line++) widths[line]!.push(width);
      this.#format(lines, widths, start, at, column + 1);
    }
  }
}
