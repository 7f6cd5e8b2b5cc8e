/** How many characters of warnings an answer carries, and how many of each where they are more than that. */
const most = 4096;
const short = 256;

/** What a client is warned of, each text once. Those that do not fit are cut short, and when those fill the answer too the rest is left out, as upstream does. */
export class Warnings {
  readonly #texts = new Set<string>();
  /** Characters of the texts, as they are and cut short. */
  #whole = 0;
  #cut = 0;

  /** Adds a text; what no answer has room for is not kept. */
  add(text: string): void {
    if (this.#cut > most || this.#texts.has(text)) return;
    this.#texts.add(text);
    this.#whole += text.length;
    this.#cut += Math.min(text.length, short);
  }

  /** The values of the headers `Warning`; none where nobody is warned. */
  headers(): string[] {
    if (this.#whole <= most) return [...this.#texts].map(headerOf);
    const headers: string[] = [];
    let size = 0;
    for (const text of this.#texts) {
      if (size >= most) break;
      const shown = text.length > short ? [...text.slice(0, 2 * short)].slice(0, short).join('') : text;
      size += shown.length;
      headers.push(headerOf(shown));
    }
    return headers;
  }
}

const headerOf = (text: string): string => `299 - ${quoted(text)}`;

/** An HTTP quoted string; control characters, which no header can carry, become spaces, and other non-Latin-1 text is escaped. */
function quoted(text: string): string {
  const plain = text.replace(/[\u0000-\u001f\u007f]/g, ' ').replace(/[\\"]/g, '\\$&');
  return `"${Buffer.from(plain).toString('latin1')}"`;
}
