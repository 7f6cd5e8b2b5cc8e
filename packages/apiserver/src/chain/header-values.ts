import type { IncomingMessage } from 'node:http';

/** What of a request its headers are read from. */
export type WithHeaders = Pick<IncomingMessage, 'headers' | 'rawHeaders'>;

/**
 * The values of a header (its name in lower case), one for each time it was sent, empty ones left out. Node.js joins them in `headers`, where they cannot be
 * told from one value with a comma in it: a group may have one.
 */
export function headerValues({ headers, rawHeaders }: WithHeaders, name: string): string[] {
  if (headers[name] === undefined) return [];
  const values: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() === name && rawHeaders[i + 1]!.trim() !== '')
      values.push(rawHeaders[i + 1]!.trim());
  }
  return values;
}
