import type { AnyKind } from '@coracle/api/kind';
import { type DiscoveredSubresource, subresourcesOf } from '../discovery/resources.ts';
import { returnsDeletedObject } from '../registry/deleted-objects.ts';
import { resourceKey, type SubresourceTable } from '../registry/strategy.ts';
import { capital, type Operation, operationOf, patch, type Subject } from './operations.ts';
import {
  byName,
  inPath,
  ofCollectionDeletes,
  ofCustomReads,
  ofDeletes,
  ofLists,
  ofOptions,
  ofPatches,
  ofWrites,
  pretty,
} from './parameters.ts';
import { type Json, listType, type SchemaCollection } from './schemas.ts';
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
export const pathsOf = (kind: AnyKind, context: PathContext): Json => new KindPaths(kind, context).all();

const namespaceInPath = inPath('namespace', 'The namespace of the object.');
const created = [200, 201, 202];
const stored = [200, 201];
const deletion = { body: 'meta/v1.DeleteOptions', optionalBody: true };

class KindPaths {
  readonly #kind: AnyKind;
  readonly #context: PathContext;
  /** `/apis/apps/v1`, and below it `/namespaces/{namespace}/deployments`. */
  readonly #root: string;
  readonly #place: string;
  /** The kind in names of operations: `NamespacedDeployment`. */
  readonly #scoped: string;
  /** The parameters of the collection's path, of an object's name, and of an object's path. */
  readonly #inCollection: readonly Json[];
  readonly #name: Json;
  readonly #inObject: readonly Json[];

  constructor(kind: AnyKind, context: PathContext) {
    this.#kind = kind;
    this.#context = context;
    this.#root = `/${rootOf(kind.apiVersion)}`;
    this.#place = kind.namespaced ? `/namespaces/{namespace}/${kind.plural}` : `/${kind.plural}`;
    this.#scoped = kind.namespaced ? `Namespaced${kind.kind}` : kind.kind;
    this.#inCollection = kind.namespaced ? [namespaceInPath, pretty] : [pretty];
    this.#name = inPath('name', `The name of the ${kind.kind}.`);
    this.#inObject = byName([this.#name, ...this.#inCollection]);
  }

  all(): Json {
    const { namespaced, plural, dynamic } = this.#kind;
    const paths: Json = {};
    if (namespaced && this.#has('list')) {
      const get = this.#list(`${this.#kind.kind}ForAllNamespaces`);
      paths[`${this.#root}/${plural}`] = queryOfPath({ get }, 'get', [pretty]);
    }
    paths[this.#root + this.#place] = this.#collection();
    if (!this.#has('get')) return paths;
    const object = `${this.#root + this.#place}/{name}`;
    paths[object] = this.#object();
    for (const sub of subresourcesOf(this.#kind, this.#context.table)) {
      Object.assign(paths, this.#subresource(`${object}/${sub.name}`, sub));
    }
    if (this.#has('watch') && !dynamic) Object.assign(paths, this.#watches());
    return paths;
  }

  #has(verb: string): boolean {
    return (this.#kind.verbs as readonly string[]).includes(verb);
  }

  /** An operation of the kind; `body`: what is sent and answered, where that is another kind. */
  #make(operation: Operation, body: Subject['body'] = this.#kind): Json {
    const subject = { of: this.#kind, body, custom: this.#kind.dynamic !== undefined };
    return operationOf(operation, subject, this.#context.schemas);
  }

  #list(name: string): Json {
    const description = `Lists or watches objects of kind ${this.#kind.kind}.`;
    const answer = listType(this.#kind);
    return this.#make({
      verb: 'list',
      name,
      action: 'list',
      description,
      parameters: ofLists,
      answer,
      types: 'collection',
    });
  }

  #collection(): Json {
    const { kind, type, dynamic } = this.#kind;
    return {
      ...(this.#has('list') && { get: this.#list(this.#scoped) }),
      ...(this.#has('create') && {
        post: this.#make({
          verb: 'create',
          name: this.#scoped,
          action: 'post',
          description: `Creates a ${kind}.`,
          parameters: ofWrites,
          body: type,
          codes: created,
          answer: type,
        }),
      }),
      ...(this.#has('deletecollection') && {
        delete: this.#make({
          verb: 'delete',
          name: `Collection${this.#scoped}`,
          action: 'deletecollection',
          description: `Deletes objects of kind ${kind}.`,
          ...(dynamic ? { parameters: ofLists } : { parameters: ofCollectionDeletes, ...deletion }),
          answer: 'meta/v1.Status',
        }),
      }),
      parameters: this.#inCollection,
    };
  }

  #object(): Json {
    const { kind, type } = this.#kind;
    const { get, put, patch: patched } = this.#parts('', type);
    return {
      get,
      ...(this.#has('update') && { put }),
      ...(this.#has('patch') && { patch: patched }),
      ...(this.#has('delete') && {
        delete: this.#make({
          verb: 'delete',
          name: this.#scoped,
          action: 'delete',
          description: `Deletes the ${kind}.`,
          parameters: ofDeletes,
          ...deletion,
          codes: [200, 202],
          answer: returnsDeletedObject(this.#kind) ? type : 'meta/v1.Status',
        }),
      }),
      parameters: this.#inObject,
    };
  }

  /** GET, PUT and PATCH of an object (`part` is empty), or of a part of it. */
  #parts(part: string, type: string, body?: Subject['body']): Record<'get' | 'put' | 'patch', Json> {
    const { kind, dynamic } = this.#kind;
    const name = this.#scoped + capital(part);
    const whole = part === '' ? `the ${kind}` : `the ${part} of the ${kind}`;
    return {
      get: this.#make(
        {
          verb: 'read',
          name,
          action: 'get',
          description: `Reads ${whole}.`,
          answer: type,
          ...(dynamic ? { parameters: ofCustomReads } : {}),
        },
        body,
      ),
      put: this.#make(
        {
          verb: 'replace',
          name,
          action: 'put',
          description: `Replaces ${whole}.`,
          parameters: ofWrites,
          body: type,
          codes: stored,
          answer: type,
        },
        body,
      ),
      patch: this.#make(
        {
          verb: 'patch',
          name,
          action: 'patch',
          description: `Changes ${whole} by a patch.`,
          parameters: ofPatches,
          body: patch,
          codes: dynamic ? [200] : stored,
          answer: type,
        },
        body,
      ),
    };
  }

  /** The paths of a part of an object, or of what is done to it. */
  #subresource(path: string, sub: DiscoveredSubresource): Json {
    if (sub.body.kind.endsWith('Options')) return this.#connection(path, sub);
    if (sub.name === 'log') return { [path]: this.#log() };
    const type = this.#typeOf(sub.body);
    const { get, put, patch: patched } = this.#parts(sub.name, type, sub.body);
    const item: Json = {
      ...(sub.verbs.includes('get') && { get }),
      ...(sub.verbs.includes('update') && { put }),
      ...(sub.verbs.includes('patch') && { patch: patched }),
    };
    if (!sub.verbs.includes('create')) return { [path]: { ...item, parameters: this.#inObject } };
    const post = this.#make(
      {
        verb: 'create',
        name: this.#scoped + capital(sub.name),
        action: 'post',
        description: `Creates the ${sub.name} of a ${this.#kind.kind}.`,
        parameters: ofWrites,
        body: type,
        codes: created,
        answer: type,
      },
      sub.body,
    );
    return { [path]: queryOfPath({ ...item, post }, 'post', this.#inObject) };
  }

  /** The type of a body: a kind's, or where it is no kind of its own, as an Eviction, one of its group. */
  #typeOf({ group, version, kind }: Subject['body']): string {
    const known = this.#context.kinds.find(
      (each) => each.group === group && each.version === version && each.kind === kind,
    );
    return known?.type ?? `${group.split('.')[0] || 'core'}/${version}.${kind}`;
  }

  /** What goes on to the object itself: its query is that of the options. */
  #connection(path: string, { name, body }: DiscoveredSubresource): Json {
    const { kind } = this.#kind;
    const { methods = [], connects } = this.#context.table[`${resourceKey(this.#kind)}/${name}`] ?? {};
    const connect = (method: string, suffix: string): Json =>
      this.#make(
        {
          verb: 'connect',
          name: `${capital(method)}${this.#scoped}${capital(name)}${suffix}`,
          action: 'connect',
          description: `Sends a ${method.toUpperCase()} request to the ${name} of the ${kind}.`,
          types: ['*/*'],
        },
        body,
      );
    const item = (suffix: string): Json =>
      Object.fromEntries(methods.map((each) => each.toLowerCase()).map((method) => [method, connect(method, suffix)]));
    const query = ofOptions(`core/v1.${body.kind}`, this.#context.words);
    const parameters = byName([...this.#inObject.filter((each) => each !== pretty), ...query]);
    const rest = inPath('path', `What is asked for of the ${kind}.`);
    return {
      [path]: { ...item(''), parameters },
      ...(connects && { [`${path}/{path}`]: { ...item('WithPath'), parameters: byName([...parameters, rest]) } }),
    };
  }

  #log(): Json {
    const get = this.#make({
      verb: 'read',
      name: `${this.#scoped}Log`,
      action: 'get',
      description: `Reads the log of the ${this.#kind.kind}.`,
      types: ['text/plain', 'application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'],
    });
    return { get, parameters: byName([...this.#inObject, ...ofOptions('core/v1.PodLogOptions', this.#context.words)]) };
  }

  /** The paths under `watch/`, which clients of today do not use. */
  #watches(): Json {
    const { kind, namespaced, plural } = this.#kind;
    const watch = (name: string, action: 'watch' | 'watchlist', more: readonly Json[]): Json => {
      const what = action === 'watch' ? `the ${kind}` : `objects of kind ${kind}`;
      const description = `Watches ${what}. Deprecated: list them with the parameter watch.`;
      const answer = 'meta/v1.WatchEvent';
      const get = this.#make({ verb: 'watch', name, action, description, answer, types: 'collection' });
      return { get, parameters: byName([...ofLists, ...more]) };
    };
    const root = `${this.#root}/watch`;
    return {
      ...(namespaced && { [`${root}/${plural}`]: watch(`${kind}ListForAllNamespaces`, 'watchlist', [pretty]) }),
      [root + this.#place]: watch(`${this.#scoped}List`, 'watchlist', this.#inCollection),
      [`${root + this.#place}/{name}`]: watch(this.#scoped, 'watch', this.#inObject),
    };
  }
}

/** A path whose query is declared for it as a whole, as upstream does where it has but one method with a query. */
function queryOfPath(item: Json, method: string, more: readonly Json[]): Json {
  const { parameters, ...operation } = item[method] as { parameters: readonly Json[] };
  return { ...item, [method]: operation, parameters: byName([...parameters, ...more]) };
}
