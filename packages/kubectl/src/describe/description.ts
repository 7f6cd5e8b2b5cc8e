import { lastApplied } from '../manifests/last-applied.ts';
import { describeColumns, TabWriter } from '../print/tabwriter.ts';

const longestAnnotation = 140;

/** The text of a description: lines with tab-separated cells, indented by levels of two blanks. */
export class Description {
  #text = '';

  /** A line at a level; cells are set off by tabs. */
  line(level: number, text: string): void {
    this.#text += `${'  '.repeat(level)}${text}\n`;
  }

  /** Text as it is, without indentation and newline. */
  append(text: string): void {
    this.#text += text;
  }

  /** Ends the block whose columns are aligned together: what follows has columns of its own. */
  endBlock(): void {
    this.#text += blockEnd;
  }

  /** A map as `Title:  a=b`, one entry a line. */
  labels(title: string, labels: Readonly<Record<string, string>> | undefined): void {
    const keys = Object.keys(labels ?? {}).sort();
    this.#entries(
      title,
      keys.map((key) => `${key}=${labels![key]}`),
    );
  }

  annotations(title: string, annotations: Readonly<Record<string, string>> | undefined): void {
    const keys = Object.keys(annotations ?? {})
      .filter((key) => key !== lastApplied)
      .sort();
    this.#entries(
      title,
      keys.map((key) => {
        const value = annotations![key]!.replace(/\n$/, '');
        const lengthOf = (text: string): number => Buffer.byteLength(text);
        if (lengthOf(value) + lengthOf(key) + 2 <= longestAnnotation && !value.includes('\n'))
          return `${key}: ${value}`;
        return [`${key}:`, ...value.split('\n').map((line) => `\t  ${shortened(line, longestAnnotation - 2)}`)].join(
          '\n',
        );
      }),
    );
  }

  /** A title with one entry a line, each below the first. */
  #entries(title: string, entries: readonly string[]): void {
    this.append(`${title}:\t${entries.length === 0 ? '<none>' : entries.join('\n\t')}\n`);
  }

  entries(title: string, entries: readonly string[]): void {
    this.#entries(title, entries);
  }

  /** As `entries`, at level 2 as upstream nests it: what it writes is indented piece by piece, values too. `none` stands for no entry. */
  nestedEntries(title: string, entries: readonly string[], none = '    <none>'): void {
    this.append(`    ${title}:\t${entries.map((each) => `    ${each}`).join('\n        \t') || none}\n`);
  }

  /** The text with its tabs. */
  raw(): string {
    return this.#text.replaceAll(blockEnd, '');
  }

  /** The text with its columns aligned. */
  toString(): string {
    let text = '';
    const writer = new TabWriter((chunk) => {
      text += chunk;
    }, describeColumns);
    for (const block of this.#text.split(blockEnd)) {
      writer.write(block);
      writer.flush();
    }
    return text;
  }
}

const blockEnd = '\u0000';

const shortened = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length)}...` : text;

/** Mon, 02 Jan 2006 15:04:05 +0000, in the machine's time zone. */
export function longTime(timestamp: string | undefined): string {
  if (!timestamp) return 'Mon, 01 Jan 0001 00:00:00 +0000';
  const date = new Date(timestamp);
  const offset = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + offset * 60_000);
  const two = (value: number): string => String(Math.trunc(Math.abs(value))).padStart(2, '0');
  return local.toUTCString().replace('GMT', `${offset < 0 ? '-' : '+'}${two(offset / 60)}${two(offset % 60)}`);
}
