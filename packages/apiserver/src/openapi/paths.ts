import type { AnyKind } from '@coracle/api/kind';
import { type DiscoveredSubresource, subresourcesOf } from '../discovery/resources.ts';
import { returnsDeletedObject } from '../registry/deleted-objects.ts';
import { resourceKey, type SubresourceTable } from '../registry/strategy.ts';
import { capital, type Operation, operationOf, patch, type Subject } from './operations.ts';
import {
  byName,
  inPath,
  ofCollectionDeletes,
  ofDeletes,
  ofLists,
  ofOptions,
  ofPatches,
  ofWrites,
  pretty,
} from './parameters.ts';
import type { Json, SchemaCollection } from './schemas.ts';
import type { KindWords } from './words.ts';

/** What paths are made with. */
export interface PathContext {
  readonly kinds: readonly AnyKind[];
  readonly table: SubresourceTable;
  readonly schemas: SchemaCollection;
  readonly words: KindWords;
}

/** The path of a group-version below the server's root: `api/v1`, `apis/apps/v1`. */
export const rootOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;

/** The paths of a kind: its collections, its objects, what is part of them, and the old paths of watches. */
export function pathsOf(kind: AnyKind, context: PathContext): Json {
  const { schemas } = context;
  const root = `/${rootOf(kind.apiVersion)}`;
  const place = kind.namespaced ? `/namespaces/{namespace}/${kind.plural}` : `/${kind.plural}`;
  const scoped = kind.namespaced ? `Namespaced${kind.kind}` : kind.kind;
  const where = kind.namespaced ? [namespaceInPath, pretty] : [pretty];
  const name = inPath('name', `The name of the ${kind.kind}.`);
  const subject: Subject = { of: kind, body: kind, custom: kind.dynamic !== undefined };
  const has = (verb: string) => (kind.verbs as readonly string[]).includes(verb);
  const make = (operation: Operation) => operationOf(operation, subject, schemas);
  const list = (named: string) =>
    make({
      verb: 'list',
      name: named,
      action: 'list',
      description: `Lists or watches objects of kind ${kind.kind}.`,
      parameters: ofLists,
      answer: `${kind.type}List`,
      types: 'collection',
    });
  const paths: Json = {};
  if (kind.namespaced && has('list')) {
    // Here, as upstream has it, the query is the path's.
    const { parameters, ...get } = list(`${kind.kind}ForAllNamespaces`);
    paths[`${root}/${kind.plural}`] = { get, parameters: byName([...(parameters as Json[]), pretty]) };
  }
  const write = { codes: [200, 201, 202], answer: kind.type };
  paths[root + place] = {
    ...(has('list') && { get: list(scoped) }),
    ...(has('create') && {
      post: make({
        verb: 'create',
        name: scoped,
        action: 'post',
        description: `Creates a ${kind.kind}.`,
        parameters: ofWrites,
        body: kind.type,
        ...write,
      }),
    }),
    ...(has('deletecollection') && {
      delete: make({
        verb: 'delete',
        name: `Collection${scoped}`,
        action: 'deletecollection',
        description: `Deletes objects of kind ${kind.kind}.`,
        parameters: ofCollectionDeletes,
        body: 'meta/v1.DeleteOptions',
        optionalBody: true,
        answer: 'meta/v1.Status',
      }),
    }),
    parameters: where,
  };
  if (!has('get')) return paths;
  const inObject = byName([name, ...where]);
  const object = objectOperations(kind, subject, scoped, '', kind.type, schemas);
  paths[`${root}${place}/{name}`] = {
    get: object['get'],
    ...(has('update') && { put: object['put'] }),
    ...(has('patch') && { patch: object['patch'] }),
    ...(has('delete') && {
      delete: make({
        verb: 'delete',
        name: scoped,
        action: 'delete',
        description: `Deletes the ${kind.kind}.`,
        parameters: ofDeletes,
        body: 'meta/v1.DeleteOptions',
        optionalBody: true,
        codes: [200, 202],
        answer: returnsDeletedObject(kind) ? kind.type : 'meta/v1.Status',
      }),
    }),
    parameters: inObject,
  };
  for (const sub of subresourcesOf(kind, context.table)) {
    Object.assign(paths, subresourcePaths(`${root}${place}/{name}/${sub.name}`, kind, sub, scoped, inObject, context));
  }
  if (has('watch') && !kind.dynamic) Object.assign(paths, watchPaths(kind, root, place, scoped, name, where, make));
  return paths;
}

const namespaceInPath = inPath('namespace', 'The namespace of the object.');

/** GET, PUT and PATCH of an object, or of a part of it. */
function objectOperations(
  kind: { kind: string },
  subject: Subject,
  scoped: string,
  part: string,
  type: string,
  schemas: SchemaCollection,
): Json {
  const make = (operation: Operation) => operationOf(operation, subject, schemas);
  const name = scoped + capital(part);
  const whole = part === '' ? `the ${kind.kind}` : `the ${part} of the ${kind.kind}`;
  const codes = [200, 201];
  return {
    get: make({ verb: 'read', name, action: 'get', description: `Reads ${whole}.`, answer: type }),
    put: make({
      verb: 'replace',
      name,
      action: 'put',
      description: `Replaces ${whole}.`,
      parameters: ofWrites,
      codes,
      answer: type,
      body: type,
    }),
    patch: make({
      verb: 'patch',
      name,
      action: 'patch',
      description: `Changes ${whole} by a patch.`,
      parameters: ofPatches,
      codes,
      answer: type,
      body: patch,
    }),
  };
}

/** The paths of a part of an object, or of what is done to it. */
function subresourcePaths(
  path: string,
  kind: AnyKind,
  sub: DiscoveredSubresource,
  scoped: string,
  where: readonly Json[],
  { kinds, table, schemas, words }: PathContext,
): Json {
  const isBody = (each: AnyKind) =>
    each.group === sub.body.group && each.version === sub.body.version && each.kind === sub.body.kind;
  // A body that is no kind of its own, an Eviction, is a type of its group.
  const type =
    kinds.find(isBody)?.type ?? `${sub.body.group.split('.')[0] || 'core'}/${sub.body.version}.${sub.body.kind}`;
  const subject: Subject = { of: kind, body: sub.body, custom: kind.dynamic !== undefined };
  const make = (operation: Operation) => operationOf(operation, subject, schemas);
  const part = capital(sub.name);
  if (sub.body.kind.endsWith('Options')) {
    const query = ofOptions(`core/v1.${sub.body.kind}`, words);
    const { methods = [], connects } = table[`${resourceKey(kind)}/${sub.name}`] ?? {};
    const connect = (suffix: string) =>
      Object.fromEntries(
        methods.map((method) => [
          method.toLowerCase(),
          make({
            verb: 'connect',
            name: `${capital(method.toLowerCase())}${scoped}${part}${suffix}`,
            action: 'connect',
            description: `Sends a ${method} request to the ${sub.name} of the ${kind.kind}.`,
            types: ['*/*'],
          }),
        ]),
      );
    const parameters = byName([...where.filter((each) => each !== pretty), ...query]);
    const rest = inPath('path', `What is asked for of the ${kind.kind}.`);
    return {
      [path]: { ...connect(''), parameters },
      ...(connects
        ? { [`${path}/{path}`]: { ...connect('WithPath'), parameters: byName([...parameters, rest]) } }
        : {}),
    };
  }
  if (sub.name === 'log') {
    const get = make({
      verb: 'read',
      name: scoped + part,
      action: 'get',
      description: `Reads the log of the ${kind.kind}.`,
      types: ['text/plain', 'application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'],
    });
    return { [path]: { get, parameters: byName([...where, ...ofOptions('core/v1.PodLogOptions', words)]) } };
  }
  const known = objectOperations(kind, subject, scoped, sub.name, type, schemas);
  const operations: Json = Object.fromEntries(
    Object.entries({ get: 'get', put: 'update', patch: 'patch' })
      .filter(([, verb]) => sub.verbs.includes(verb))
      .map(([method]) => [method, known[method]]),
  );
  if (!sub.verbs.includes('create')) return { [path]: { ...operations, parameters: where } };
  operations['post'] = make({
    verb: 'create',
    name: scoped + part,
    action: 'post',
    description: `Creates the ${sub.name} of a ${kind.kind}.`,
    parameters: ofWrites,
    codes: [200, 201, 202],
    answer: type,
    body: type,
  });
  // Here, as upstream has it, the query is the path's.
  const { parameters, ...post } = operations['post'] as Json;
  return { [path]: { ...operations, post, parameters: byName([...where, ...(parameters as Json[])]) } };
}

/** The paths under `watch/`, which clients of today do not use. */
function watchPaths(
  kind: AnyKind,
  root: string,
  place: string,
  scoped: string,
  name: Json,
  where: readonly Json[],
  make: (operation: Operation) => Json,
): Json {
  const watch = (named: string, action: 'watch' | 'watchlist', more: readonly Json[]): Json => ({
    get: make({
      verb: 'watch',
      name: named,
      action,
      description: `Watches ${action === 'watch' ? `the ${kind.kind}` : `objects of kind ${kind.kind}`}. Deprecated: list them with the parameter watch.`,
      answer: 'meta/v1.WatchEvent',
      types: 'collection',
    }),
    parameters: byName([...ofLists, ...more]),
  });
  return {
    ...(kind.namespaced
      ? { [`${root}/watch/${kind.plural}`]: watch(`${kind.kind}ListForAllNamespaces`, 'watchlist', [pretty]) }
      : {}),
    [`${root}/watch${place}`]: watch(`${scoped}List`, 'watchlist', where),
    [`${root}/watch${place}/{name}`]: watch(scoped, 'watch', [name, ...where]),
  };
}
