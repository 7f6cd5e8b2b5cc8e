import { compareKeys } from './yaml-keys.ts';
import { analyze, isPlainString, type ScalarAnalysis } from './yaml-scalar.ts';

const bestWidth = 80;
const bestIndent = 2;

/**
 * A value as kubectl's YAML printer writes it (go-yaml 2's style: keys in natural order, lists not indented below their key,
 * lines folded past 80 columns, multi-line text as a literal block).
 */
export function formatYaml(value: unknown): string {
  const out = new Emitter();
  out.node(value, -1, 'root');
  // Each line is ended by what follows it; the last one here.
  return `${out.text}\n`;
}

type Place = 'root' | 'value' | 'item' | 'key';

/** Writes nodes one after the other and keeps the column, on which folding depends. */
class Emitter {
  text = '';
  #column = 0;

  /** Writes one node. `indent` is the indentation of the collection around it; -1 at the root. */
  node(value: unknown, indent: number, place: Place): void {
    if (Array.isArray(value)) this.#list(value, indent, place);
    else if (typeof value === 'object' && value !== null) this.#map(value as Record<string, unknown>, indent, place);
    else this.#scalar(value, indent, place);
  }

  #map(value: Record<string, unknown>, indent: number, place: Place): void {
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    if (entries.length === 0) {
      this.#put(place === 'root' ? '{}' : ' {}');
      return;
    }
    entries.sort(([a], [b]) => compareKeys(a, b));
    const own = indent < 0 ? 0 : indent + bestIndent;
    for (const [i, [key, each]] of entries.entries()) {
      if (place === 'item' && i === 0) this.#put(' ');
      else if (this.text !== '') this.#newline(own);
      if (simpleKey(key)) {
        this.#scalar(key, own, 'key');
        this.#put(':');
      } else {
        this.#put('?');
        this.#scalar(key, own, 'value');
        this.#newline(own);
        this.#put(':');
      }
      this.node(each, own, 'value');
    }
  }

  #list(value: readonly unknown[], indent: number, place: Place): void {
    if (value.length === 0) {
      this.#put(place === 'root' ? '[]' : ' []');
      return;
    }
    // A list that is a map's value stays at the map's indentation.
    const own = indent < 0 ? 0 : place === 'value' ? indent : indent + bestIndent;
    for (const [i, each] of value.entries()) {
      if (place === 'item' && i === 0) this.#put(' ');
      else if (this.text !== '') this.#newline(own);
      this.#put('-');
      this.node(each, own, 'item');
    }
  }

  #scalar(value: unknown, indent: number, place: Place): void {
    const inner = Math.max(indent, 0) + bestIndent;
    const isKey = place === 'key';
    if (place === 'value' || place === 'item') this.#put(' ');
    if (typeof value !== 'string') {
      this.#put(value === null || value === undefined ? 'null' : numberText(value));
      return;
    }
    switch (styleOf(value, analyze(value), isKey)) {
      case 'plain':
        this.#folded(value, inner, !isKey);
        break;
      case 'single':
        this.#single(value, inner, !isKey);
        break;
      case 'literal':
        this.#literal(value, inner);
        break;
      case 'double':
        this.#double(value, inner, !isKey);
    }
  }

  #folded(value: string, indent: number, breaks: boolean): void {
    const runes = [...value];
    let spaces = false;
    for (const [i, c] of runes.entries()) {
      if (c === ' ') {
        if (breaks && !spaces && this.#column > bestWidth && runes[i + 1] !== ' ') this.#newline(indent);
        else this.#put(c);
        spaces = true;
      } else {
        this.#put(c);
        spaces = false;
      }
    }
  }

  #single(value: string, indent: number, breaks: boolean): void {
    this.#put("'");
    const runes = [...value];
    let spaces = false;
    for (const [i, c] of runes.entries()) {
      if (c === ' ') {
        const inside = i > 0 && i < runes.length - 1;
        if (breaks && !spaces && this.#column > bestWidth && inside && runes[i + 1] !== ' ') this.#newline(indent);
        else this.#put(c);
        spaces = true;
      } else {
        this.#put(c === "'" ? "''" : c);
        spaces = false;
      }
    }
    this.#put("'");
  }

  #double(value: string, indent: number, breaks: boolean): void {
    this.#put('"');
    const runes = [...value];
    let spaces = false;
    for (const [i, c] of runes.entries()) {
      if (c === ' ') {
        const inside = i > 0 && i < runes.length - 1;
        if (breaks && !spaces && this.#column > bestWidth && inside) {
          this.#newline(indent);
          if (runes[i + 1] === ' ') this.#put('\\');
        } else this.#put(c);
        spaces = true;
      } else {
        this.#put(escaped(c));
        spaces = false;
      }
    }
    this.#put('"');
  }

  #literal(value: string, indent: number): void {
    const lines = value.split('\n');
    const first = value[0];
    let hints = '|';
    if (first === ' ' || first === '\n') hints += String(bestIndent);
    if (!value.endsWith('\n')) hints += '-';
    else {
      lines.pop();
      if (value === '\n' || value.endsWith('\n\n')) hints += '+';
    }
    this.#put(hints);
    for (const line of lines) {
      if (line === '') this.#raw('\n');
      else {
        this.#newline(indent);
        this.#put(line);
      }
    }
  }

  #newline(indent: number): void {
    this.#raw(`\n${' '.repeat(indent)}`);
    this.#column = indent;
  }

  #raw(text: string): void {
    this.text += text;
    this.#column = 0;
  }

  #put(text: string): void {
    this.text += text;
    this.#column += [...text].length;
  }
}

function styleOf(value: string, analysis: ScalarAnalysis, isKey: boolean): 'plain' | 'single' | 'double' | 'literal' {
  if (isKey && analysis.multiline) return 'double';
  if (value.includes('\n')) return isKey || !analysis.blockAllowed ? 'double' : 'literal';
  if (!isPlainString(value)) return 'double';
  if (analysis.blockPlainAllowed && !(isKey && value === '')) return 'plain';
  return analysis.singleAllowed ? 'single' : 'double';
}

/** Longer keys, and keys of several lines, are written in the explicit `? key` form. */
const simpleKey = (key: string): boolean => Buffer.byteLength(key) <= 128 && !key.includes('\n');

const escapes: Record<string, string> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\u0085': '\\N',
  '\u00a0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function escaped(c: string): string {
  const known = escapes[c];
  if (known) return known;
  const code = c.codePointAt(0)!;
  const printable =
    (code >= 0x20 && code <= 0x7e) ||
    (code > 0xa0 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd && code !== 0xfeff);
  if (printable) return c;
  if (code <= 0xff) return `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`;
  if (code <= 0xffff) return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return `\\U${code.toString(16).toUpperCase().padStart(8, '0')}`;
}

function numberText(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value)) {
    const text = String(value);
    return text.replace(/e([+-])(\d)$/, 'e$10$2');
  }
  if (typeof value === 'number' && Math.abs(value) >= 1e21)
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return String(value);
}
