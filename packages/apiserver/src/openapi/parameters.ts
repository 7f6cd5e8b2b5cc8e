import { type FieldSchema, objectSchemaOf, type ScalarName } from '@coracle/api/schema';
import type { Json } from './schemas.ts';
import type { KindWords } from './words.ts';

const query = (name: string, type: string, description?: string): Json => ({
  name,
  in: 'query',
  ...(description === undefined ? {} : { description }),
  schema: { type, uniqueItems: true },
});

const dryRun = query('dryRun', 'string', 'With the value All, every step is taken but nothing is stored.');
const fieldManager = query('fieldManager', 'string', 'Who makes the change, as managedFields will name it.');
const fieldValidation = query(
  'fieldValidation',
  'string',
  'What to do with unknown and duplicate fields: Ignore, Warn or Strict.',
);
const force = query('force', 'boolean', 'Take fields over from other managers. For apply patches only.');

/** Of POST and PUT. */
export const ofWrites: readonly Json[] = [dryRun, fieldManager, fieldValidation];
export const ofPatches: readonly Json[] = [...ofWrites, force];

const allowWatchBookmarks = query(
  'allowWatchBookmarks',
  'boolean',
  'Send bookmarks, which tell the newest resourceVersion seen.',
);
const watch = query('watch', 'boolean', 'Stream changes instead of listing.');
const resourceVersion = query('resourceVersion', 'string', 'How fresh the answer must be.');
const ofCollections = [
  query('continue', 'string', 'Where the last page ended.'),
  query('fieldSelector', 'string', 'Only objects whose fields match.'),
  query('labelSelector', 'string', 'Only objects whose labels match.'),
  query('limit', 'integer', 'At most so many objects a page.'),
  resourceVersion,
  query('resourceVersionMatch', 'string', 'How resourceVersion is meant: Exact or NotOlderThan.'),
  query('sendInitialEvents', 'boolean', 'Begin a watch with what is there.'),
  query('shardSelector', 'string', 'Of no effect: the feature ShardedListAndWatch is off.'),
  query('timeoutSeconds', 'integer', 'End after so many seconds.'),
];

/** Of a GET of a collection. */
export const ofLists: readonly Json[] = [allowWatchBookmarks, ...ofCollections, watch];

/** Of a GET of one custom resource. */
export const ofCustomReads: readonly Json[] = [resourceVersion];

/** Of a DELETE of one object. */
export const ofDeletes: readonly Json[] = [
  dryRun,
  query('gracePeriodSeconds', 'integer', 'Seconds the object may take to end.'),
  query(
    'ignoreStoreReadErrorWithClusterBreakingPotential',
    'boolean',
    'Of no effect: the feature AllowUnsafeMalformedObjectDeletion is off.',
  ),
  query('orphanDependents', 'boolean', 'Deprecated: use propagationPolicy.'),
  query('propagationPolicy', 'string', 'What becomes of dependents: Orphan, Background or Foreground.'),
];

/** Of a DELETE of a collection. */
export const ofCollectionDeletes: readonly Json[] = byName([...ofCollections, ...ofDeletes]);

export const pretty = query('pretty', 'string', 'Answer for human eyes.');

export const inPath = (name: string, description: string): Json => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string', uniqueItems: true },
});

/** Parameters in the order of their names. */
export function byName(parameters: readonly Json[]): Json[] {
  return [...parameters].sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1));
}

const queryTypes: Partial<Record<ScalarName, string>> = {
  string: 'string',
  bool: 'boolean',
  int32: 'integer',
  int64: 'integer',
};

/** The query that says what an options type has: `core/v1.PodExecOptions`. Of a list one value is declared, as
 * upstream has it; times are not. */
export function ofOptions(type: string, words: KindWords): Json[] {
  return [...objectSchemaOf(type).fields.values()].flatMap((field) => {
    const scalar = field.name === 'apiVersion' || field.name === 'kind' ? undefined : scalarOf(field);
    const queryType = scalar && queryTypes[scalar];
    return queryType ? [query(field.name, queryType, words(type, false, field.name))] : [];
  });
}

function scalarOf({ schema }: FieldSchema): ScalarName | undefined {
  const inner = schema.is === 'list' ? schema.items : schema;
  return inner.is === 'scalar' ? inner.scalar : undefined;
}
