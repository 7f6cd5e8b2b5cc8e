const simple: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};
const escapes = /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))/g;

interface Parts {
  readonly raw: boolean;
  readonly body: string;
}

function partsOf(literal: string): Parts {
  const [prefix = ''] = /^[a-zA-Z]*/.exec(literal) ?? [];
  const quoted = literal.slice(prefix.length);
  const width = quoted.startsWith('"""') || quoted.startsWith("'''") ? 3 : 1;
  return { raw: /[rR]/.test(prefix), body: quoted.slice(width, -width).replace(/\r\n?/g, '\n') };
}

/** The value of a string literal, escapes read: `\x` and octal escapes are code points. Throws on an escape that is none. */
export function readText(literal: string): string {
  const { raw, body } = partsOf(literal);
  if (raw || !body.includes('\\')) return body;
  return body.replace(escapes, (all, hex, short, long, octal, other) => {
    const code = hex ?? short ?? long;
    if (code !== undefined) return codePoint(Number.parseInt(code, 16));
    if (octal !== undefined) return codePoint(Number.parseInt(octal, 8));
    const known = simple[other];
    if (known === undefined) throw new Error(`invalid escape sequence ${all}`);
    return known;
  });
}

/** The value of a bytes literal: text as UTF-8, `\x` and octal escapes as single bytes. Throws on an escape that is none. */
export function readBytes(literal: string): Uint8Array {
  const { raw, body } = partsOf(literal);
  if (raw) return new TextEncoder().encode(body);
  const bytes: number[] = [];
  const add = (text: string) => {
    for (const byte of new TextEncoder().encode(text)) bytes.push(byte);
  };
  let end = 0;
  for (const found of body.matchAll(escapes)) {
    add(body.slice(end, found.index));
    end = found.index + found[0].length;
    const [all, hex, short, long, octal, other = ''] = found;
    if (short !== undefined || long !== undefined) throw new Error(`unable to unescape string: ${all}`);
    if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else {
      const known = simple[other];
      if (known === undefined) throw new Error(`invalid escape sequence ${all}`);
      add(known);
    }
  }
  add(body.slice(end));
  return Uint8Array.from(bytes);
}

function codePoint(code: number): string {
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new Error('invalid unicode code point');
  return String.fromCodePoint(code);
}
