import type { StatusCause } from '../generated/meta/v1.ts';
import { applyConflict, type StatusError } from '../meta/status.ts';
import { type FieldSet, membersOf } from './field-set.ts';
import type { Manager } from './managers.ts';
import { formatPath } from './path-element.ts';

/** Fields that an applier wants to change and another manager owns. */
export interface Conflict {
  readonly manager: Manager;
  readonly fields: FieldSet;
}

/** The 409 that names every contested field and who owns it. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const contested = conflicts.flatMap(({ manager, fields }) =>
    [...membersOf(fields)].map((path) => ({ owner: shown(manager), path: formatPath(path) })),
  );
  const causes: StatusCause[] = contested.map(({ owner, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${owner}`,
    field: path,
  }));
  return applyConflict(causes, message(contested));
}

function message(contested: readonly { owner: string; path: string }[]): string {
  const [first] = contested;
  if (contested.length === 1) return `Apply failed with 1 conflict: conflict with ${first!.owner}: ${first!.path}`;
  const owners = [...new Set(contested.map(({ owner }) => owner))].sort();
  const lines = owners.flatMap((owner) => [
    `conflicts with ${owner}:`,
    ...contested.filter((each) => each.owner === owner).map(({ path }) => `- ${path}`),
  ]);
  return `Apply failed with ${contested.length} conflicts: ${lines.join('\n')}`;
}

/** `"kubectl" with subresource "status" using apps/v1`; appliers by their name alone. */
function shown({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = JSON.stringify(manager) + (subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`);
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}
