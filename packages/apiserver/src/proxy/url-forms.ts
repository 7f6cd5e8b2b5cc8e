/*
 * Paths and queries as upstream passes them on: read, and written again with the escapes that are needed. A text here has one character a byte
 * (latin1), as Node.js has URLs of requests.
 */

/** The bytes a path stands for. An escape that is none stands for itself. */
export const decodedPath = (path: string): string => (path.includes('%') ? unescaped(path) : path);

/** A path of these bytes: unreserved characters and those that separate parts stay, all others are escaped. */
export const escapedPath = (path: string): string => path.replace(/[^\w\-.~$&+,/:;=@]/g, escaped);

/**
 * A query with its parameters in the order of their names, each with a value, spaces as `+`. Those with a semicolon or an escape that is none are left
 * out, as they are wherever a query is read.
 */
export function orderedQuery(query: string): string {
  const pairs = query
    .split('&')
    .filter((each) => each !== '' && !/;|%(?![\da-f]{2})/i.test(each))
    .map((each) => {
      const end = each.indexOf('=');
      const parts = end < 0 ? [each, ''] : [each.slice(0, end), each.slice(end + 1)];
      return parts.map((part) => unescaped(part.replaceAll('+', ' '))) as [string, string];
    })
    .sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
  const written = (text: string) => text.replace(/[^\w\-.~ ]/g, escaped).replaceAll(' ', '+');
  return pairs.map(([name, value]) => `${written(name)}=${written(value)}`).join('&');
}

const unescaped = (text: string): string =>
  text.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** Of a character beyond one byte, which only HTTP/2 lets pass, the bytes of its UTF-8. */
function escaped(character: string): string {
  const code = character.charCodeAt(0);
  if (code > 0xff) return encodeURIComponent(character);
  return `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
}
