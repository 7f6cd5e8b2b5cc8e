import type { CustomResourceDefinitionSpec } from '../../generated/apiextensions/v1.ts';
import { type FieldError, forbidden, type Path } from '../../meta/field-path.ts';
import { partsOf } from '../../structural/node.ts';
import { patternWork } from '../../structural/patterns.ts';

/** Parts that each say their name and type are more than an object of etcd's size has room for before they are so many. */
export const mostSchemaParts = 100_000;
/** What the different patterns of a definition may take together, by `patternWork`. */
export const mostPatternWork = 200_000;

/** Why the schemas of a definition are more than is looked at: whoever sends such ones would hold the server for seconds. */
export function schemaSizeErrors({ versions = [] }: CustomResourceDefinitionSpec, at: Path): FieldError[] {
  let parts = 0;
  let work = 0;
  const patterns = new Set<string>();
  for (const { schema } of versions) {
    if (!schema?.openAPIV3Schema) continue;
    for (const { pattern } of partsOf(schema.openAPIV3Schema)) {
      parts++;
      if (pattern && !patterns.has(pattern)) {
        patterns.add(pattern);
        work += patternWork(pattern);
      }
      if (parts > mostSchemaParts)
        return [forbidden(at.child('versions'), `schemas must not have more than ${mostSchemaParts} parts together`)];
      if (work > mostPatternWork)
        return [
          forbidden(at.child('versions'), 'patterns of schemas must not be so many, or repeat so much, together'),
        ];
    }
  }
  return [];
}
