import type { AnyKind } from '@coracle/api/kind';
import { StatusError, unknownPath } from '@coracle/api/meta/status';
import type { RequestInfo } from '../chain/request-info.ts';

/** 404 in plain text, which is what paths get that no part of the server knows. */
export class PageNotFound extends StatusError {
  constructor() {
    super({ code: 404, reason: 'NotFound', message: '404 page not found' });
  }
}

/**
 * The 404 of a path that nothing is served at: a Status below /api, /version and the groups that are built in, plain text elsewhere, also below the
 * groups of custom resources.
 */
export function nobodysPath({ path }: Pick<RequestInfo, 'path'>, kinds: Iterable<AnyKind>): StatusError {
  const [, root, group] = path.split('/', 3);
  if (root === 'api' || root === 'version') return unknownPath();
  if (root !== 'apis' || !group) return new PageNotFound();
  for (const kind of kinds) if (kind.group === group && !kind.dynamic) return unknownPath();
  return new PageNotFound();
}
