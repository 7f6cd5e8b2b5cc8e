import { type ObjectSchema, objectSchemaOf } from '@coracle/api/schema';
import { groups } from '@coracle/api/types/groups';
import { tables } from '@coracle/api/types/tables';
import type { Resource } from '../resources/resource.ts';

/** The field table of a built-in kind; undefined for kinds that only the server knows (custom resources). */
export function builtinSchema({
  group,
  version,
  kind,
}: Pick<Resource, 'group' | 'version' | 'kind'>): ObjectSchema | undefined {
  const folder = Object.keys(groups).find((each) => groups[each] === group && each.endsWith(`/${version}`));
  if (folder === undefined || !tables[folder]?.[kind]) return undefined;
  return objectSchemaOf(`${folder}.${kind}`);
}
