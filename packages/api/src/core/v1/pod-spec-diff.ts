import type { PodSpec, PodTemplateSpec } from '../../generated/core/v1.ts';
import { goForm, jsonDiff } from '../../meta/go-form.ts';

/** What a pod shares with its host, which upstream's internal form has in the security context. */
const shared = ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace', 'hostUsers'] as const;

/** The internal form's fields, in its order. */
const order = [
  'Volumes',
  'InitContainers',
  'Containers',
  'EphemeralContainers',
  'RestartPolicy',
  'TerminationGracePeriodSeconds',
  'ActiveDeadlineSeconds',
  'DNSPolicy',
  'NodeSelector',
  'ServiceAccountName',
  'AutomountServiceAccountToken',
  'NodeName',
  'SecurityContext',
  'ImagePullSecrets',
  'Hostname',
  'Subdomain',
  'SetHostnameAsFQDN',
  'Affinity',
  'SchedulerName',
  'Tolerations',
  'HostAliases',
  'PriorityClassName',
  'Priority',
  'PreemptionPolicy',
  'DNSConfig',
  'ReadinessGates',
  'RuntimeClassName',
  'Overhead',
  'EnableServiceLinks',
  'TopologySpreadConstraints',
  'OS',
  'SchedulingGates',
  'ResourceClaims',
  'Resources',
  'HostnameOverride',
];

/** What differs between two pod specs, in upstream's words: a unified diff of their internal forms. */
export const podSpecDiff = (old: PodSpec, now: PodSpec): string => jsonDiff(internal(old), internal(now));

/** A template of pods in upstream's internal form, which has its metadata beside the spec. */
export const podTemplateForm = ({ metadata, spec }: PodTemplateSpec): Record<string, unknown> => ({
  ...metadata,
  Spec: internal(spec ?? { containers: [] }),
});

function internal(spec: PodSpec): Record<string, unknown> {
  const form = goForm('core/v1.PodSpec', spec) as Record<string, unknown>;
  const ofHost = Object.fromEntries(
    shared.map((field) => [
      capital(field),
      spec[field] ?? (field === 'shareProcessNamespace' || field === 'hostUsers' ? null : false),
    ]),
  );
  const security = form['SecurityContext'];
  form['SecurityContext'] = security === null ? null : { ...ofHost, ...(security as object) };
  return Object.fromEntries(order.map((name) => [name, form[name] ?? form[name.toLowerCase()] ?? null]));
}

const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
