import type { IncomingMessage } from 'node:http';

/** What of a request its headers are read from. */
export type WithHeaders = Pick<IncomingMessage, 'headers' | 'rawHeaders'>;

/**
 * The values of a header (its name in lower case), one for each time it was sent. Node.js joins them in `headers`, where they cannot be
 * told from one value with a comma in it: a group may have one.
 */
export function headerValues({ headers, rawHeaders }: WithHeaders, name: string): string[] {
  if (headers[name] === undefined) return [];
  const values: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() === name) values.push(textOf(rawHeaders[i + 1]!.replace(/^[ \t]+|[ \t]+$/g, '')));
  }
  return values;
}

/** The text that bytes are in UTF-8, which Node.js shows as a character each. */
export const textOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString();
