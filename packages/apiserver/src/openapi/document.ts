import type { AnyKind } from '@coracle/api/kind';
import type { DiscoveredSubresource } from '../discovery/resources.ts';
import { isServed, subresourcesOf } from '../discovery/resources.ts';
import type { SubresourceTable } from '../registry/strategy.ts';
import { type Json, SchemaCollection } from './schemas.ts';
import type { KindWords } from './words.ts';

const bodies = ['application/json', 'application/yaml'];
const patches = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

const query = (name: string, type: string, description: string): Json => ({
  name,
  in: 'query',
  description,
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
const writes = [dryRun, fieldManager, fieldValidation];
const lists = [
  query('allowWatchBookmarks', 'boolean', 'Send bookmarks, which tell the newest resourceVersion seen.'),
  query('continue', 'string', 'Where the last page ended.'),
  query('fieldSelector', 'string', 'Only objects whose fields match.'),
  query('labelSelector', 'string', 'Only objects whose labels match.'),
  query('limit', 'integer', 'At most so many objects a page.'),
  query('resourceVersion', 'string', 'How fresh the answer must be.'),
  query('resourceVersionMatch', 'string', 'How resourceVersion is meant: Exact or NotOlderThan.'),
  query('sendInitialEvents', 'boolean', 'Begin a watch with what is there.'),
  query('timeoutSeconds', 'integer', 'End after so many seconds.'),
  query('watch', 'boolean', 'Stream changes instead of listing.'),
];
const deletes = [
  dryRun,
  query('gracePeriodSeconds', 'integer', 'Seconds the object may take to end.'),
  query('orphanDependents', 'boolean', 'Deprecated: use propagationPolicy.'),
  query('propagationPolicy', 'string', 'What becomes of dependents: Orphan, Background or Foreground.'),
];
const pretty = query('pretty', 'string', 'Answer for human eyes.');
const inPath = (name: string): Json => ({
  name,
  in: 'path',
  required: true,
  description: `${name} of the object`,
  schema: { type: 'string', uniqueItems: true },
});

/** The OpenAPI 3.0 document of one group-version: its paths, and the schemas they need. */
export function openApiDocument(
  apiVersion: string,
  kinds: readonly AnyKind[],
  table: SubresourceTable,
  version: string,
  words: KindWords,
): Json {
  const schemas = new SchemaCollection(kinds, words);
  const paths: Json = {};
  for (const kind of kinds) {
    if (kind.apiVersion === apiVersion && isServed(kind)) addPaths(paths, kind, table, schemas, kinds);
  }
  const components = {
    schemas: Object.fromEntries(Object.entries(schemas.schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version }, paths, components };
}

/** The path of a group-version below the server's root: `api/v1`, `apis/apps/v1`. */
export const rootOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;

function addPaths(
  paths: Json,
  kind: AnyKind,
  table: SubresourceTable,
  schemas: SchemaCollection,
  kinds: readonly AnyKind[],
): void {
  const root = `/${rootOf(kind.apiVersion)}`;
  const scoped = kind.namespaced ? `${root}/namespaces/{namespace}/${kind.plural}` : `${root}/${kind.plural}`;
  const where = kind.namespaced ? [inPath('namespace'), pretty] : [pretty];
  const of = operations(kind, schemas);
  const has = (verb: string) => (kind.verbs as readonly string[]).includes(verb);
  paths[scoped] = {
    ...(has('list') && { get: of('list', lists, `${kind.type}List`) }),
    ...(has('create') && { post: of('post', writes, kind.type, kind.type) }),
    ...(has('deletecollection') && {
      delete: of('deletecollection', [...lists.slice(1, 8), ...deletes], 'meta/v1.Status', 'meta/v1.DeleteOptions'),
    }),
    parameters: where,
  };
  if (kind.namespaced && has('list'))
    paths[`${root}/${kind.plural}`] = { get: of('list', lists, `${kind.type}List`), parameters: [pretty] };
  if (!has('get')) return;
  paths[`${scoped}/{name}`] = {
    get: of('get', [], kind.type),
    put: of('put', writes, kind.type, kind.type),
    patch: of('patch', [...writes, force], kind.type, 'patch'),
    delete: of('delete', deletes, 'meta/v1.Status', 'meta/v1.DeleteOptions'),
    parameters: [inPath('name'), ...where],
  };
  for (const sub of subresourcesOf(kind, table)) {
    paths[`${scoped}/{name}/${sub.name}`] = {
      ...subresourcePath(kind, sub, schemas, kinds),
      parameters: [inPath('name'), ...where],
    };
  }
}

function subresourcePath(
  kind: AnyKind,
  sub: DiscoveredSubresource,
  schemas: SchemaCollection,
  kinds: readonly AnyKind[],
): Json {
  const body = kinds.find(
    (each) => each.group === sub.body.group && each.version === sub.body.version && each.kind === sub.body.kind,
  );
  const of = operations({ ...sub.body, dynamic: kind.dynamic }, schemas);
  const type = body?.type;
  return Object.fromEntries(
    sub.verbs.map((verb) => {
      if (verb === 'get') return ['get', of('get', [], type)];
      if (verb === 'create') return ['post', of('post', writes, type, type)];
      if (verb === 'update') return ['put', of('put', writes, type, type)];
      if (verb === 'patch') return ['patch', of('patch', [...writes, force], type, 'patch')];
      return ['delete', of('delete', deletes, 'meta/v1.Status', 'meta/v1.DeleteOptions')];
    }),
  );
}

/** Custom resources are not merged strategically, and clients look here for whether they may. */
const patchesOf = (kind: { dynamic?: unknown }): string[] =>
  kind.dynamic ? patches.filter((type) => !type.includes('strategic')) : patches;

function operations(
  kind: { group: string; version: string; kind: string; dynamic?: unknown },
  schemas: SchemaCollection,
) {
  return (action: string, parameters: Json[], answer: string | undefined, body?: string): Json => {
    const content = (types: string[], type: string | undefined) =>
      Object.fromEntries(types.map((each) => [each, { schema: type ? schemas.reference(type) : { type: 'string' } }]));
    const operation: Json = {
      responses: {
        200: { description: 'OK', content: content(bodies, answer) },
        401: { description: 'Unauthorized' },
      },
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': { group: kind.group, kind: kind.kind, version: kind.version },
    };
    if (parameters.length > 0) operation['parameters'] = parameters;
    if (body) {
      const types = body === 'patch' ? patchesOf(kind) : bodies;
      operation['requestBody'] = {
        content: content(types, body === 'patch' ? undefined : body),
        required: body !== 'meta/v1.DeleteOptions',
      };
    }
    return operation;
  };
}
