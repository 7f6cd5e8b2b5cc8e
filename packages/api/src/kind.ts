import { groups } from './generated/groups.ts';
import type { ObjectMeta } from './generated/meta/v1.ts';
import type { FieldError, Path } from './meta/field-path.ts';
import type { ObjectSchema } from './schema.ts';

/** What every persisted object has. Items of a list carry no apiVersion and kind, as upstream's do not. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
}

/** The verbs a resource answers, as discovery names them. */
export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export const allVerbs: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** A column of the Table form. `priority` above 0 shows only with `-o wide`. `value` gets the time now in milliseconds. */
export interface Column<T> {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  format?: string;
  description: string;
  priority: number;
  value(it: T, now: number): string | number | boolean | null;
}

/** Parts of metadata that a write of the status may be kept from. */
type StatusMetadata = 'annotations' | 'finalizers' | 'labels' | 'ownerReferences';

/** Where a resource's scale subresource finds its numbers: dotted paths into the object. */
export interface ScalePaths {
  spec: string;
  status: string;
  /** A dotted path to a LabelSelector or to a selector in string form. */
  selector?: string;
  /** In its place: a dotted path to a plain map of labels. */
  selectorLabels?: string;
}

/** The declaration of a resource: all the API server, the clients and the printers know about a kind follows from it. */
export interface KindDeclaration<T extends KubeObject> {
  kind: string;
  plural: string;
  /** Defaults to the lower-case kind. */
  singular?: string;
  shortNames?: readonly string[];
  categories?: readonly string[];
  namespaced: boolean;
  /** Defaults to all of them; the review kinds only create. */
  verbs?: readonly Verb[];
  subresources?: { status?: boolean; scale?: ScalePaths };
  /** What a write of the status leaves as it was of metadata: `all` (but managedFields), or these. Nothing by default. */
  statusKeeps?: 'all' | readonly StatusMetadata[];
  /** Objects are found out when they are asked for, and never stored: reads are answered by the server's `read` hook. */
  isComputed?: boolean;
  /** What whoever uses the resource is warned of, when it is on its way out. */
  deprecation?: string;
  /** Set where objects are stored in another kind's form (events.k8s.io events are core events): how to convert both ways. */
  storedAs?: { kind: () => AnyKind; encode(it: T): KubeObject; decode(stored: KubeObject): T };
  /**
   * Brings what the field tables leave open (schemas within schemas) into its typed form, in place, after every decode. Throws a DecodeError where
   * it does not fit.
   */
  refine?(it: T): void;
  /** Fills in what the user left out, in place. Runs on decoded objects before admission and on objects read from the store. */
  defaults?(it: T): void;
  /** A create may state the status (a kubelet registers its node with one); by default it is dropped. */
  keepsStatusOnCreate?: boolean;
  /**
   * Resets what the server owns before a create: status, generation. Called after the generic part (spec+status kinds lose status). What a client is
   * to be told of that nobody sees afterwards goes to `warn`.
   */
  prepareForCreate?(it: T, warn?: (text: string) => void): void;
  /** Carries over what an update through the main resource may not change. The generic part already restores status. */
  prepareForUpdate?(it: T, old: T): void;
  /** All errors of a new object, by field. Object metadata is validated by the machinery, which found the errors `metadata`. */
  validate?(it: T, at: Path, metadata?: readonly FieldError[]): FieldError[];
  /** Errors only a new object can have, beyond `validate`. */
  validateCreate?(it: T, at: Path): FieldError[];
  /** Errors of a change, beyond `validate` and `immutable`. */
  validateUpdate?(it: T, old: T, at: Path): FieldError[];
  /** Errors of a change through the status subresource. */
  validateStatusUpdate?(it: T, old: T, at: Path): FieldError[];
  /** What a client is warned of that writes `it`, which is fine; `old` is undefined in a create, `subresource` mostly empty. */
  warnings?(it: T, old: T | undefined, subresource: string): string[];
  /** Dotted paths that may never change once set. */
  immutable?: readonly string[];
  /** Whether names may be any path segment (RBAC) and not only a DNS subdomain; or the checker for names. */
  name?: (name: string) => string[];
  /** Columns after `Name`; without any, `Age` alone is shown. */
  columns?: readonly Column<T>[];
  /** The order of a table's rows; by namespace and name, if none is given. */
  rowOrder?(a: T, b: T): number;
  /** Fields a field selector may name beyond metadata.name and metadata.namespace. */
  selectableFields?: Readonly<Record<string, (it: T) => string>>;
  /** What is said of a field that cannot be selected, where the kind has words of its own. */
  unselectable?: (field: string) => string;
  /** Whether an unconditional update (no resourceVersion) is allowed; true for nearly all. */
  allowUnconditionalUpdate?: boolean;
  /** Whether PUT and apply to a name that does not exist create the object; only few kinds do (leases, nodes' leases, events …). */
  allowCreateOnUpdate?: boolean;
  /** Default grace period: pods carry their own; everything else is deleted at once. */
  gracefulDeletion?: boolean;
  /** Set where a delete that names no propagation policy orphans dependents, as the first kinds did; `warning` tells its clients. */
  orphansDependents?: { warning?: string };
  /** metadata.generation is kept and rises when the spec (all but metadata and status) changes. Default: whether there is a spec. */
  hasGeneration?: boolean;
}

/** What a kind that was declared while the server runs (one version of a custom resource) has in place of generated tables. */
export interface DynamicType {
  /** Its structure, for server-side apply and managed fields. */
  readonly schema: ObjectSchema;
  /**
   * Gives a decoded value the form of the type: metadata typed, unknown fields pruned and named, nulls dropped where none is allowed unless they are to be
   * `kept`. May change `value`. Throws a DecodeError where metadata does not fit.
   */
  decode(value: unknown, nulls?: 'kept'): { object: unknown; unknown: string[] };
  /**
   * All errors of replacing `old` by `it` through the resource or a subresource, beyond those of its metadata; what was invalid before and has not
   * changed may stay, and `warn` may be told of it.
   */
  validateUpdate(
    it: KubeObject,
    old: KubeObject,
    subresource: string,
    metadata: readonly FieldError[],
    warn: (text: string) => void,
  ): FieldError[];
  /** The OpenAPI v3 schema that is published. */
  readonly openApi: Readonly<Record<string, unknown>>;
  /** The warning that answers to requests of a deprecated version carry. */
  readonly deprecation: string | undefined;
  /** Where its objects are in the store, `/registry/example.com/widgets/`. */
  readonly prefix: string;
  /** The resource's version of an apiVersion, in the form of which a stored object may be. */
  version(apiVersion: string): AnyKind | undefined;
  /** An object of another version of the resource in the form of this one. Throws where a webhook has to be asked. */
  convert(object: KubeObject): KubeObject;
  /** As `convert`, for many, where a webhook converts; undefined: none does. Throws a StatusError where it cannot. */
  readonly convertMany: ((objects: readonly KubeObject[]) => Promise<KubeObject[]>) | undefined;
  /** Why nothing may be created any more; undefined: it may. */
  closed(): string | undefined;
}

/** A declared kind: a declaration with its group, version and names filled in. Values are singletons; compare by identity. */
export interface Kind<T extends KubeObject = KubeObject> extends KindDeclaration<T> {
  readonly group: string;
  readonly version: string;
  /** `v1` or `apps/v1`. */
  readonly apiVersion: string;
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly Verb[];
  /** Name of the generated type, `apps/v1.Deployment`. */
  readonly type: string;
  readonly dynamic?: DynamicType;
}

/** A kind whose object type is not known where it is used. */
// biome-ignore lint/suspicious/noExplicitAny: methods of T make Kind invariant; this is the one place that erases it.
export type AnyKind = Kind<any>;

/**
 * Declares a resource of the group-version whose generated types are in `folder` (`apps/v1`). `T` is the generated interface.
 * Returns the handle that clients, listers and the API server share.
 */
export function defineKind<T extends KubeObject>(folder: string, declaration: KindDeclaration<T>): Kind<T> {
  const group = groups[folder];
  if (group === undefined) throw new Error(`no generated group-version ${folder}`);
  const version = folder.slice(folder.indexOf('/') + 1);
  return {
    singular: declaration.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    verbs: allVerbs,
    ...declaration,
    group,
    version,
    apiVersion: group === '' ? version : `${group}/${version}`,
    listKind: `${declaration.kind}List`,
    type: `${folder}.${declaration.kind}`,
  } as Kind<T>;
}
