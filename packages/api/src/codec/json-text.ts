import { isUtf8 } from 'node:buffer';

const unknown = '\ufffd';

/** The text of bytes; each that is not part of a character in UTF-8 becomes one unknown character, as in Go. */
export function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer) ? buffer.toString('utf8') : textOfOdd(buffer);
}

function textOfOdd(buffer: Buffer): string {
  let text = '';
  let whole = 0;
  for (let at = 0; at < buffer.length; ) {
    const length = characterAt(buffer, at);
    if (length > 0) {
      at += length;
      continue;
    }
    text += buffer.toString('utf8', whole, at) + unknown;
    whole = ++at;
  }
  return text + buffer.toString('utf8', whole);
}

/** How many bytes the character is that begins there; 0: none does. */
function characterAt(buffer: Buffer, at: number): number {
  const first = buffer[at]!;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  return at + length <= buffer.length && isUtf8(buffer.subarray(at, at + length)) ? length : 0;
}

const half = /\\u[dD][89a-fA-F]/;
/** What follows a backslash: two halves that are one character, one half, or anything else. */
const escaped = /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)/gs;

/** JSON in which each escaped half of a character that the other half is missing of is an unknown character, as in Go. Nothing moves by it. */
export function withoutHalves(json: string): string {
  if (!json.includes('\\u') || !half.test(json)) return json;
  return json.replace(escaped, (sequence, alone: string | undefined) => (alone === undefined ? sequence : '\\ufffd'));
}
