import { posix } from 'node:path';

/**
 * The Location a client can follow of one a target answered with: a path on the target becomes a path below the proxy's, `prefix`; another host, and
 * what is relative to the page, stay as they are. `origin` is the target's, `http://10.1.2.3:80`.
 */
export function clientLocation(location: string, origin: string, prefix: string): string {
  const absolute = /^([a-z][a-z\d+.-]*:)?\/\/([^/?#]*)/i.exec(location);
  if (absolute && absolute[2] !== origin.slice(origin.indexOf('//') + 2)) return location;
  const rest = absolute ? location.slice(absolute[0].length) : location;
  const mark = rest.search(/[?#]/);
  const path = mark < 0 ? rest : rest.slice(0, mark);
  if (!absolute && !path.startsWith('/')) return location;
  const isThere = !absolute && (path === prefix || path.startsWith(`${prefix}/`));
  const joined = isThere ? path : posix.join(prefix, path === '' ? '/' : path);
  return joined + (mark < 0 ? '' : rest.slice(mark));
}
