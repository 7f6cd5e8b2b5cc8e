import type {
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSpec,
  PodTemplateSpec,
  WeightedPodAffinityTerm,
} from '../../generated/core/v1.ts';
import { addressWarnings } from '../../meta/address-warnings.ts';
import { append } from '../../meta/append.ts';
import { isLabelValue } from '../../meta/names.ts';
import { containerWarnings, fractionWarnings } from './container-warnings.ts';
import { labelWarnings } from './node-labels.ts';
import { pathWarnings } from './path-warnings.ts';
import { appArmorPrefix } from './pod-annotations.ts';
import { portWarnings } from './port-warnings.ts';
import { podVolumeWarnings } from './volume-warnings.ts';

/** Annotations of pods that became fields, and what is said of them. */
const formerAnnotations = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};
const podSeccomp = 'seccomp.security.alpha.kubernetes.io/pod';
/** Before the name of a container. */
const containerSeccomp = 'container.seccomp.security.alpha.kubernetes.io/';
const seccompField = 'non-functional in v1.27+; use the "seccompProfile" field instead';

/** What is said of an annotation that asks for an AppArmor profile where no field does. */
export const appArmorField = 'deprecated since v1.30; use the "appArmorProfile" field instead';

/** What a client is warned of in a pod, or in a template of pods, which is at `at`; a pod of its own is at the root. */
export function podWarnings({ metadata, spec }: Partial<PodTemplateSpec>, at = ''): string[] {
  if (!spec) return [];
  const root = at === '' ? '' : `${at}.`;
  const path = `${root}spec`;
  const { annotations } = metadata ?? {};
  const said = (key: string, text: string) => `${root}metadata.annotations[${key}]: ${text}`;
  const warnings = nodeWarnings(spec, path);
  if (annotations) {
    for (const [key, text] of Object.entries(formerAnnotations))
      if (Object.hasOwn(annotations, key)) warnings.push(said(key, text));
  }
  append(warnings, podVolumeWarnings(spec, path));
  append(warnings, pathWarnings(spec.volumes));
  append(warnings, repeatWarnings(spec, path));
  if (spec.overhead) append(warnings, fractionWarnings(spec.overhead, `${path}.overhead`));
  const { seccompProfile, appArmorProfile } = spec.securityContext ?? {};
  if (annotations && !seccompProfile && Object.hasOwn(annotations, podSeccomp))
    warnings.push(said(podSeccomp, seccompField));
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    for (const [i, container] of (spec[list] ?? []).entries()) {
      const { name, securityContext } = container;
      if (annotations) {
        const [seccomp, appArmor] = [containerSeccomp + name, appArmorPrefix + name];
        if (!securityContext?.seccompProfile && Object.hasOwn(annotations, seccomp))
          warnings.push(said(seccomp, seccompField));
        // A pod's own are brought into fields, and warned of then.
        const isAsked = at === '' || appArmorProfile || securityContext?.appArmorProfile;
        if (!isAsked && Object.hasOwn(annotations, appArmor)) warnings.push(said(appArmor, appArmorField));
      }
      append(warnings, containerWarnings(container, `${path}.${list}[${i}]`));
    }
  }
  append(warnings, portWarnings(spec, path));
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    warnings.push(
      `${path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
    );
  }
  for (const each of ['podAffinity', 'podAntiAffinity'] as const) {
    const terms = spec.affinity?.[each];
    if (terms) append(warnings, termsWarnings(terms, `${path}.affinity.${each}`));
  }
  for (const [i, address] of (spec.dnsConfig?.nameservers ?? []).entries())
    append(warnings, addressWarnings(address, `${path}.dnsConfig.nameservers[${i}]`));
  for (const [i, { ip }] of (spec.hostAliases ?? []).entries())
    append(warnings, addressWarnings(ip, `${path}.hostAliases[${i}].ip`));
  return warnings;
}

/** Names and addresses that are there twice, and names that are none. */
function repeatWarnings({ hostAliases, imagePullSecrets = [] }: PodSpec, at: string): string[] {
  const warnings: string[] = [];
  const addresses = new Set<string>();
  for (const [i, { ip }] of (hostAliases ?? []).entries()) {
    if (addresses.has(ip)) warnings.push(`${at}.hostAliases[${i}].ip: duplicate ip ${JSON.stringify(ip)}`);
    addresses.add(ip);
  }
  const secrets = new Set<string>();
  const nameless: string[] = [];
  for (const [i, { name = '' }] of imagePullSecrets.entries()) {
    const path = `${at}.imagePullSecrets[${i}].name`;
    if (secrets.has(name)) warnings.push(`${path}: duplicate name ${JSON.stringify(name)}`);
    if (name === '') nameless.push(`${path}: invalid empty name ""`);
    secrets.add(name);
  }
  return [...warnings, ...nameless];
}

/** Labels of nodes that have other names now, wherever a pod may ask for them, and constraints that match no pod. */
function nodeWarnings({ nodeSelector, affinity, topologySpreadConstraints: spread }: PodSpec, at: string): string[] {
  const warnings: string[] = [];
  const nodes = `${at}.affinity.nodeAffinity`;
  const {
    requiredDuringSchedulingIgnoredDuringExecution: wanted,
    preferredDuringSchedulingIgnoredDuringExecution: liked,
  } = affinity?.nodeAffinity ?? {};
  for (const key in nodeSelector) append(warnings, labelWarnings(key, `${at}.nodeSelector[${key}]: `));
  for (const [i, term] of (wanted?.nodeSelectorTerms ?? []).entries()) {
    const path = `${nodes}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${i}]`;
    append(warnings, termWarnings(term, path));
  }
  for (const [i, { preference }] of (liked ?? []).entries()) {
    const path = `${nodes}.preferredDuringSchedulingIgnoredDuringExecution[${i}].preference`;
    append(warnings, termWarnings(preference, path, true));
  }
  for (const [i, { topologyKey: key, labelSelector }] of (spread ?? []).entries()) {
    const path = `${at}.topologySpreadConstraints[${i}]`;
    append(warnings, labelWarnings(key, `${path}.topologyKey: ${key} is `));
    if (!labelSelector) warnings.push(`${path}.${matchesNone}`);
  }
  return warnings;
}

const matchesNone = 'labelSelector: a null labelSelector results in matching no pod';

/** What is said of the labels a term asks nodes for, and of values no node can have, which are refused where they are required. */
function termWarnings({ matchExpressions = [] }: NodeSelectorTerm, at: string, isLiked = false): string[] {
  const warnings: string[] = [];
  for (const [i, { key, values = [] }] of matchExpressions.entries()) {
    const path = `${at}.matchExpressions[${i}]`;
    append(warnings, labelWarnings(key, `${path}.key: ${key} is `));
    if (!isLiked) continue;
    for (const [j, value] of values.entries())
      for (const wrong of isLabelValue(value)) warnings.push(`${path}.values[${j}]: ${value} is invalid, ${wrong}`);
  }
  return warnings;
}

interface AffinityTerms {
  requiredDuringSchedulingIgnoredDuringExecution?: PodAffinityTerm[];
  preferredDuringSchedulingIgnoredDuringExecution?: WeightedPodAffinityTerm[];
}

function termsWarnings(terms: AffinityTerms, at: string): string[] {
  const {
    requiredDuringSchedulingIgnoredDuringExecution: wanted = [],
    preferredDuringSchedulingIgnoredDuringExecution: liked = [],
  } = terms;
  const warnings: string[] = [];
  for (const [i, { labelSelector }] of wanted.entries())
    if (!labelSelector) warnings.push(`${at}.requiredDuringSchedulingIgnoredDuringExecution[${i}].${matchesNone}`);
  for (const [i, { podAffinityTerm }] of liked.entries()) {
    const path = `${at}.preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm`;
    if (!podAffinityTerm.labelSelector) warnings.push(`${path}.${matchesNone}`);
  }
  return warnings;
}
