import type { AnyKind } from '@coracle/api/kind';
import { type StatusError, unknownPath } from '@coracle/api/meta/status';
import type { RequestInfo } from '../chain/request-info.ts';
import { PageNotFound } from './plain-error.ts';

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
