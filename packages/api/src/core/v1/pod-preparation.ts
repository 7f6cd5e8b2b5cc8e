import { isDeepStrictEqual } from 'node:util';
import type { AppArmorProfile, Pod } from '../../generated/core/v1.ts';
import type { LabelSelector } from '../../generated/meta/v1.ts';
import { Path } from '../../meta/field-path.ts';
import { appArmorPrefix } from './pod-annotations.ts';
import { appArmorField } from './pod-warnings.ts';
import { validateAppArmor } from './security-profiles.ts';

/** Brings what a new pod says by other means into the fields that count, in place; a client that says it in a way of old is told so. */
export function preparePod({ metadata, spec }: Pod, warn?: (text: string) => void): void {
  if (!spec) return;
  const { labels = {}, annotations } = metadata;
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  for (const terms of [podAffinity, podAntiAffinity]) {
    const liked = terms?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    for (const term of [
      ...(terms?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...liked.map((each) => each.podAffinityTerm),
    ]) {
      require(term.labelSelector, 'In', term.matchLabelKeys, labels);
      require(term.labelSelector, 'NotIn', term.mismatchLabelKeys, labels);
    }
  }
  for (const { labelSelector, matchLabelKeys } of spec.topologySpreadConstraints ?? [])
    require(labelSelector, 'In', matchLabelKeys, labels);
  if (annotations) profilesOf(spec, annotations, warn);
}

/** Folds keys into a selector: what it matches has the pod's own value of each, or another (KEP-3633, KEP-3243). */
function require(
  selector: LabelSelector | undefined,
  operator: 'In' | 'NotIn',
  keys: readonly string[] = [],
  labels: Readonly<Record<string, string>>,
): void {
  if (!selector) return;
  for (const key of keys) {
    if (!Object.hasOwn(labels, key)) continue;
    selector.matchExpressions ??= [];
    selector.matchExpressions.push({ key, operator, values: [labels[key]!] });
  }
}

/** AppArmor profiles were annotations before they were fields (KEP-24). */
function profilesOf(
  spec: Pod['spec'],
  annotations: Readonly<Record<string, string>>,
  warn?: (text: string) => void,
): void {
  if (spec.os?.name === 'windows') return;
  for (const list of ['initContainers', 'containers'] as const) {
    for (const container of spec[list] ?? []) {
      const key = appArmorPrefix + container.name;
      const text = annotations[key];
      if (text === undefined || container.securityContext?.appArmorProfile) continue;
      const profile = profileOf(text);
      const isValid = profile && validateAppArmor(profile, new Path()).length === 0;
      if (isValid && isDeepStrictEqual(profile, spec.securityContext?.appArmorProfile)) continue;
      if (isValid) container.securityContext = { ...container.securityContext, appArmorProfile: profile };
      warn?.(`metadata.annotations[${key}]: ${appArmorField}`);
    }
  }
}

function profileOf(text: string): AppArmorProfile | undefined {
  if (text === 'unconfined') return { type: 'Unconfined' };
  if (text === 'runtime/default') return { type: 'RuntimeDefault' };
  return text.startsWith('localhost/')
    ? { type: 'Localhost', localhostProfile: text.slice('localhost/'.length) }
    : undefined;
}
