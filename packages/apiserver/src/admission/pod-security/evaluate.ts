import type { PodSpec } from '@coracle/api/types/core/v1';
import type { ObjectMeta } from '@coracle/api/types/meta/v1';
import { allChecks } from './checks/all.ts';
import type { CheckPod, Violation } from './checks/check.ts';
import { type Standard, standardText } from './standard.ts';

/** A pod, or the template of one. */
export interface PodLike {
  readonly metadata: ObjectMeta;
  readonly spec: PodSpec;
}

/** What a standard was when each of its checks had last changed; later versions are like the last. */
const newest = Math.max(...allChecks.flatMap(({ versions }) => versions.map(({ since }) => since)));
const byStandard = new Map<string, readonly CheckPod[]>();

/** What of a pod a standard forbids; empty: the pod meets it. */
export function evaluate(standard: Standard, { spec, metadata }: PodLike): Violation[] {
  if (standard.level === 'privileged') return [];
  const violations: Violation[] = [];
  for (const check of checksOf(standard)) {
    const violation = check(spec, metadata);
    if (violation) violations.push(violation);
  }
  return violations;
}

function checksOf({ level, minor }: Standard): readonly CheckPod[] {
  const version = Math.min(minor, newest);
  const key = standardText({ level, minor: version });
  let checks = byStandard.get(key);
  if (!checks) {
    checks = selected(level, version);
    byStandard.set(key, checks);
  }
  return checks;
}

function selected(level: Standard['level'], minor: number): CheckPod[] {
  const inForce = allChecks
    .filter((check) => check.level === 'baseline' || level === 'restricted')
    .flatMap(({ id, versions }) => {
      const version = versions.findLast(({ since }) => since <= minor);
      return version ? [{ id, ...version }] : [];
    });
  const overridden = new Set(inForce.map(({ overrides }) => overrides));
  return inForce.filter(({ id }) => !overridden.has(id)).map(({ check }) => check);
}

/** `hostPort, privileged`. */
export function reasonsOf(violations: readonly Violation[]): string {
  return violations.map(({ reason }) => reason).join(', ');
}

/** `host namespaces (hostPID=true), privileged (container "a" must not set …)`. */
export function detailsOf(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ');
}
