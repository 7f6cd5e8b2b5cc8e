import type { Container, EphemeralContainer, PodSpec, SecurityContext } from '@coracle/api/types/core/v1';
import type { ObjectMeta } from '@coracle/api/types/meta/v1';

/** Why a pod does not meet a standard: in short, and what of the pod it is. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

/** Looks for one thing in a pod that a standard forbids. */
export type CheckPod = (spec: PodSpec, metadata: ObjectMeta) => Violation | undefined;

/** A check, and how it came to be what it is. */
export interface Check {
  /** Upstream's name. Violations are listed by it. */
  readonly id: string;
  readonly level: 'baseline' | 'restricted';
  /** From this version on (the number after `v1.`), oldest first. */
  readonly versions: readonly {
    readonly since: number;
    readonly check: CheckPod;
    /** The check of the baseline that is part of this one, and is left out beside it. */
    readonly overrides?: string;
  }[];
}

/** All containers of a pod, in the order in which violations name them. */
export function containersOf(spec: PodSpec): (Container | EphemeralContainer)[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}

/** The names of the containers whose security context is bad. */
export function containersWith(spec: PodSpec, isBad: (context: SecurityContext) => boolean): string[] {
  return containersOf(spec).flatMap(({ name, securityContext = {} }) => (isBad(securityContext) ? [name] : []));
}

/** `"a", "b"`. */
export function quotedList(texts: readonly string[]): string {
  return `"${texts.join('", "')}"`;
}

/** `container "a"`, `containers "a", "b"`. */
export function counted(what: string, names: readonly string[]): string {
  return `${names.length === 1 ? what : `${what}s`} ${quotedList(names)}`;
}

/** `pod and container "a"`: what sets a field that pods and containers have. */
export function setters(pod: boolean, containers: readonly string[]): string {
  const parts = [...(pod ? ['pod'] : []), ...(containers.length > 0 ? [counted('container', containers)] : [])];
  return parts.join(' and ');
}

/** Each once, in order. */
export function sorted(texts: Iterable<string>): string[] {
  return [...new Set(texts)].sort();
}

/** Whether a pod runs in a user namespace of its own, where root is nobody outside (KEP-127). */
export function hasUserNamespace(spec: PodSpec): boolean {
  return spec.hostUsers === false;
}

/** Whether a pod says that it is for Windows, which knows none of the things that a check is about. */
export function isForWindows(spec: PodSpec): boolean {
  return spec.os?.name === 'windows';
}

/** The check, for pods that do not run on Windows. */
export function exceptOnWindows(check: CheckPod): CheckPod {
  return (spec, metadata) => (isForWindows(spec) ? undefined : check(spec, metadata));
}

/** The check, for pods that share the host's user namespace. */
export function exceptInUserNamespace(check: CheckPod): CheckPod {
  return (spec, metadata) => (hasUserNamespace(spec) ? undefined : check(spec, metadata));
}
