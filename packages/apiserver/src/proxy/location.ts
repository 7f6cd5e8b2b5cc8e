import { posix } from 'node:path';

/** Where a target is for the client that asked for it. */
export interface Frame {
  /** The path that stands for the target's root. */
  readonly prefix: string;
  /** The target, `10.1.2.3:80`. */
  readonly target: string;
  /** The host the client asked, as it wrote it. */
  readonly asked: string;
  /** What stands before a path of the target, `https://10.1.2.3:443`; empty: paths stand alone. */
  readonly origin: string;
}

/**
 * The Location a client can follow of one a target answered with: a path on the target becomes a path below the proxy's; another host, and what is
 * relative to the page, stay as they are.
 */
export function clientLocation(location: string, { prefix, target, asked, origin }: Frame): string {
  const [head, scheme = '', host = ''] = /^([a-z][a-z\d+.-]*:)?(?:\/\/([^/?#]*))?/i.exec(location)!;
  const rest = location.slice(head.length);
  const isElsewhere = host !== '' && host !== target && host !== asked;
  if (isElsewhere || !rest.startsWith('/')) return location;
  const before = host !== '' && host === asked && origin === '' ? `${scheme}//${host}` : origin;
  if (rest.startsWith(prefix)) return before + rest;
  const path = /^[^?#]*/.exec(rest)![0];
  return before + posix.join(prefix, path) + rest.slice(path.length);
}
