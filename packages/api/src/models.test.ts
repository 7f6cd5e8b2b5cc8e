import { describe, expect, it } from '@jest/globals';
import * as models from '@kubernetes/client-node';
import { tables } from './generated/tables.ts';
import { objectSchemaOf } from './schema.ts';

interface Model {
  getAttributeTypeMap(): { baseName: string }[];
}

/** What the generated OpenAPI client calls our types: `V1Pod`, `V2MetricSpec`, `CoreV1Event`, `EventsV1Event`. */
function modelOf(type: string): Model | undefined {
  const [group = '', versioned = ''] = type.split('/');
  const [version = '', name = ''] = versioned.split('.');
  const prefix = version[0]!.toUpperCase() + version.slice(1);
  const clash = group[0]!.toUpperCase() + group.slice(1);
  const all = models as unknown as Record<string, Model | undefined>;
  return all[`${clash}${prefix}${name}`] ?? all[`${prefix}${name}`];
}

const types = Object.entries(tables).flatMap(([folder, table]) =>
  Object.keys(table).map((name) => `${folder}.${name}`),
);
// core/v1.Preconditions is an unused type of the same name as the one delete options carry.
const compared = types.filter((type) => modelOf(type) && type !== 'core/v1.Preconditions');

describe('field tables', () => {
  it('cover most of the models of an independent client', () => {
    expect(compared.length).toBeGreaterThan(450);
  });

  it.each(compared)('%s has every field the independent client knows', (type) => {
    const ours = new Set(objectSchemaOf(type).fields.keys());
    const theirs = modelOf(type)!
      .getAttributeTypeMap()
      .map((each) => each.baseName);
    expect(theirs.filter((name) => !ours.has(name))).toEqual([]);
  });
});
