import type { AnyKind, KubeObject } from '@coracle/api/kind';
import type { Layer } from '../chain/latencies.ts';
import type { UserInfo } from '../chain/link.ts';
import type { ObjectAccess } from '../registry/access.ts';
import type { Release } from '../registry/strategy.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** What an admission plugin decides about. Follows upstream's admission.Attributes. */
export interface Attributes {
  /** The kind of `object`: for a subresource with a body of its own (Binding, Scale, TokenRequest) see `objectKind`. */
  readonly kind: AnyKind;
  /** apiVersion and kind of the body, where it is not the resource's own kind. */
  readonly objectKind: { apiVersion: string; kind: string };
  readonly group: string;
  readonly version: string;
  /** Plural name. */
  readonly resource: string;
  /** Empty for the resource itself. */
  readonly subresource: string;
  /** Empty for cluster-scoped resources. */
  readonly namespace: string;
  /** Empty for a create with generateName and for deletecollection's collection. */
  readonly name: string;
  readonly operation: Operation;
  /** The new object; `mutate` may change it in place, or replace it. Undefined for DELETE; of a CONNECT its options, once they are changed. */
  object: KubeObject | undefined;
  /** The object as it is in the store, for UPDATE and DELETE. Not to be mutated. */
  readonly oldObject: KubeObject | undefined;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** CreateOptions, UpdateOptions, PatchOptions, DeleteOptions as the client sent them; for CONNECT the subresource's options. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The other objects, for plugins that look at them. */
  readonly objects: ObjectAccess;
  /** Adds a `Warning` header to the response. */
  warn(text: string): void;
  /** Adds an audit annotation; one of level Request only where the request's body is recorded too. */
  annotate(key: string, value: string, level?: 'Metadata' | 'Request'): void;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
  /** When the request's time is over, in milliseconds since 1970. */
  readonly deadline?: number;
  /** What `validate` adds here is undone where the write does not happen after all: another plugin refuses it, it meets another write. */
  readonly releases: Release[];
  /** Told how many milliseconds other servers took. */
  waited?(milliseconds: number, layer: Layer): void;
  /** Whether the mutating plugins run a second time, and why. */
  readonly reinvocation: Reinvocation;
}

/**
 * Mutating plugins run a second time when a webhook has changed the object: what ran before it has not seen the change
 * (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#reinvocation-policy).
 */
export class Reinvocation {
  /** Whether this is the second time. */
  running = false;
  /** Set by a plugin to ask for the second time. */
  wanted = false;
  /** What plugins remember of the first time, by their names. */
  readonly memory = new Map<string, unknown>();
}

/**
 * An admission plugin. All `mutate`s run in the plugins' order, then the object is validated, then all `validate`s run.
 * Both refuse by throwing a StatusError (mostly `forbiddenError`). An UPDATE's may run again when the write conflicts.
 */
export interface AdmissionPlugin {
  /** Upstream's name, as in --enable-admission-plugins. */
  readonly name: string;
  /** It asks other servers: what that takes is not this server's time. */
  readonly asksOthers?: boolean;
  mutate?(attributes: Attributes): Promise<void> | void;
  validate?(attributes: Attributes): Promise<void> | void;
}

/** Plugins in order, and who is told how long all of them took for a request. */
export interface AdmissionChain extends ReadonlyArray<AdmissionPlugin> {
  readonly ended?: (type: 'admit' | 'validate', operation: Operation, rejected: boolean, seconds: number) => void;
}
