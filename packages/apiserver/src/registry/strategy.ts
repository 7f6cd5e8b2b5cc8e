import type { AnyKind, KubeObject } from '@coracle/api/kind';
import type { FieldError, Path } from '@coracle/api/meta/field-path';
import type { RequestContext, UserInfo } from '../chain/link.ts';
import type { ObjectAccess } from './access.ts';

/** What a hook knows of the write it is part of. */
export interface WriteContext {
  readonly kind: AnyKind;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** The verb of the request, as authorization names it; undefined in the server's own writes. */
  readonly verb?: string;
  readonly subresource: string;
  readonly objects: ObjectAccess;
  warn(text: string): void;
}

/** Undoes what a hook did, when the write it belonged to failed (or was a dry run). */
export type Release = () => void | Promise<void>;

/**
 * What is special about a resource's writes beyond its kind's declaration. `before…` hooks run after admission mutated the
 * object and before validation; they may change `object` in place, refuse by throwing a StatusError, and return a Release that
 * runs if the write does not happen. `after…` hooks run once the write is in the store.
 */
export interface ResourceHooks<T extends KubeObject = KubeObject> {
  beforeCreate?(object: T, context: WriteContext): Promise<Release | undefined> | Release | undefined;
  afterCreate?(object: T, context: WriteContext): Promise<void> | void;
  /** Also called for subresource writes (`context.subresource`). May run again when the write conflicts. */
  beforeUpdate?(object: T, old: T, context: WriteContext): Promise<Release | undefined> | Release | undefined;
  /**
   * What is wrong with an object where that takes more than the object: expressions to compile, signatures to check. Called before the kind is asked, in
   * creates (`old` is undefined) and in updates; the kind tells it where it comes upon the field (`Path.beforehand`).
   */
  beforehand?(object: T, old: T | undefined): Promise<FieldError[]> | FieldError[];
  /** Errors of an object that are told before all others: somebody has to be asked whether it may be so. */
  refusals?(object: T, old: T | undefined, context: WriteContext): Promise<FieldError[]> | FieldError[];
  /** The same, told after the kind has said `found`. */
  errors?(
    object: T,
    old: T | undefined,
    context: WriteContext,
    found: readonly FieldError[],
  ): Promise<FieldError[]> | FieldError[];
  afterUpdate?(object: T, old: T, context: WriteContext): Promise<void> | void;
  beforeDelete?(object: T, context: WriteContext): Promise<void> | void;
  afterDelete?(object: T, context: WriteContext): Promise<void> | void;
  /** Whether something beyond metadata.finalizers keeps an object that is being deleted (a namespace's spec.finalizers). */
  holdsBackDeletion?(object: T): boolean;
  /** May change an object that a DELETE has marked, be it once more, and that something still holds. */
  onMarkedForDeletion?(object: T, old: T): void;
  /** For computed kinds: the objects as they are at this moment, in order of their names. */
  read?(): Promise<T[]>;
  /** For resources that are answered and not stored (reviews): makes the response to a create; the object is decoded, defaulted and validated. */
  answer?(object: T, context: WriteContext & { readonly request: RequestContext }): Promise<T>;
  /** The parts of an object that have subresources beyond status: `approval`, `finalize`. */
  readonly views?: Readonly<Record<string, View<T>>>;
}

/** What an update through a subresource that is a part of the object may change. Replaces what the kind says about updates. */
export interface View<T extends KubeObject = KubeObject> {
  /** Takes over from `object` what the subresource may change, and all else from `old`; returns the object to go on with. */
  prepare(object: T, old: T): T;
  validate?(object: T, old: T, at: Path): FieldError[];
  /** Whether nobody comes to manage what is changed through it. */
  readonly unmanaged?: boolean;
}

/** Hooks by resource: `services`, `deployments.apps`. */
export type HookTable = Readonly<Record<string, ResourceHooks>>;

/** A subresource beyond status and scale. */
export interface Subresource {
  /** HTTP methods it takes. Discovery verbs follow from them: GET get, POST create, PUT update, PATCH patch, DELETE delete. */
  readonly methods: readonly string[];
  /** What discovery says about its body: `{ group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }`. */
  readonly body: {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
    /** Other versions of the group in which a body is of the same form, and is taken for one of `version`. */
    readonly sameForm?: readonly string[];
  };
  /** The uid in the body is a condition, and not the body's own, which the server alone would say. */
  readonly keepsIdentity?: boolean;
  /** Long-running requests (exec, log -f, proxy) have no request timeout. */
  readonly longRunning?: boolean;
  /** Whatever follows it in a path is the target's. */
  readonly connects?: boolean;
  /** Absent for a part of the object (see `ResourceHooks.views`), which is read and written as status is. */
  handle?(call: SubresourceCall): Promise<void>;
}

/** One call of a subresource. */
export interface SubresourceCall {
  readonly request: RequestContext;
  readonly kind: AnyKind;
  readonly namespace: string;
  readonly name: string;
  /** What follows the subresource in the path (`proxy/a/b` gives `a/b`). */
  readonly rest: string;
  readonly objects: ObjectAccess;
  readonly dryRun: boolean;
  /**
   * Reads and decodes the body (JSON or YAML, at most 3 MiB) as the named type, with field validation as the query asks.
   * `type` is a generated type's name, `authentication/v1.TokenRequest`; an empty body gives undefined.
   */
  body<T>(type: string): Promise<T | undefined>;
  /**
   * Admits the creation of what `body` read: notes whose its fields are, and runs the admission plugins, `mutate`s, then `validate`s; `complete` makes what the
   * first left what the second see. Returns the (perhaps mutated) object.
   */
  admit<T extends KubeObject>(object: T, complete?: (object: T) => Promise<void>): Promise<T>;
  /** As `admit`, for what a CONNECT asks for; what is not asked for is not in `options`. */
  connect<T extends object>(options: T): Promise<T>;
  /** Answers with an object (negotiated JSON or YAML). */
  respond(code: number, object: unknown): Promise<void>;
}

/** Subresources by `resource/subresource`: `pods/binding`, `deployments.apps/rollback`. */
export type SubresourceTable = Readonly<Record<string, Subresource>>;

/** `services`, `deployments.apps`: how hooks and subresources name a resource. */
export function resourceKey(kind: { group: string; plural: string }): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}
