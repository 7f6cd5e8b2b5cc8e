import { namespace as namespaceKind } from '@coracle/api/core/v1/namespace';
import type { KubeObject } from '@coracle/api/kind';
import { getPath } from '@coracle/api/meta/object';
import { internalError, invalidObject } from '@coracle/api/meta/status';
import type { Namespace, Pod, PodTemplateSpec } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin, Attributes } from '../plugin.ts';
import { isCore, refused } from '../refusal.ts';
import { detailsOf, evaluate, type PodLike } from './evaluate.ts';
import { warningsOfExistingPods } from './existing-pods.ts';
import type { PodSecurityMetrics } from './metrics.ts';
import { isSignificant } from './significant.ts';
import {
  compareLevels,
  isSameStandard,
  type Mode,
  type Policy,
  policyOf,
  prefix,
  privileged,
  type Standard,
  standardText,
} from './standard.ts';

/** Who and what no standard is applied to. */
export interface Exemptions {
  readonly usernames: ReadonlySet<string>;
  readonly namespaces: ReadonlySet<string>;
  readonly runtimeClasses: ReadonlySet<string>;
}

export interface PodSecurityOptions {
  readonly metrics: PodSecurityMetrics;
  /** What holds in namespaces that do not say; by default nothing is forbidden. */
  readonly defaults?: Policy;
  readonly exemptions?: Exemptions;
}

/** The paths of templates, by resource: `deployments.apps`. */
const templates: Readonly<Record<string, string>> = {
  podtemplates: 'template',
  replicationcontrollers: 'spec.template',
  'replicasets.apps': 'spec.template',
  'deployments.apps': 'spec.template',
  'statefulsets.apps': 'spec.template',
  'daemonsets.apps': 'spec.template',
  'jobs.batch': 'spec.template',
  'cronjobs.batch': 'spec.jobTemplate.spec.template',
};

/** What of a pod these subresources write has nothing to do with standards; all others are looked at. */
const harmless = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status']);

const allowEverything: Policy = { enforce: privileged, audit: privileged, warn: privileged };
const nobody: Exemptions = { usernames: new Set(), namespaces: new Set(), runtimeClasses: new Set() };

/**
 * PodSecurity: holds pods to the standard their namespace's labels name, and warns of templates that would make pods which do not meet it
 * (https://kubernetes.io/docs/concepts/security/pod-security-admission/, KEP-2579).
 */
export function podSecurity(options: PodSecurityOptions): AdmissionPlugin {
  const { metrics, defaults = allowEverything, exemptions = nobody } = options;

  /** Notes an exemption, where there is one. */
  function isExempt(attributes: Attributes): boolean {
    const { namespace, user } = attributes;
    const why = exemptions.namespaces.has(namespace)
      ? 'namespace'
      : exemptions.usernames.has(user.name)
        ? 'user'
        : undefined;
    if (why !== undefined) exempted(attributes, why);
    return why !== undefined;
  }

  function exempted(attributes: Attributes, why: string): void {
    metrics.exempted(attributes);
    attributes.annotate(`${prefix}exempt`, why);
  }

  const hasExemptRuntime = ({ spec: { runtimeClassName } }: Pick<PodLike, 'spec'>) =>
    runtimeClassName !== undefined && exemptions.runtimeClasses.has(runtimeClassName);

  async function validateNamespace(attributes: Attributes): Promise<void> {
    const namespace = attributes.object as Namespace;
    const { policy, errors } = policyOf(namespace.metadata.labels, defaults);
    const isExemptNamespace = exemptions.namespaces.has(attributes.namespace);
    if (attributes.operation === 'CREATE') {
      if (errors.length > 0) throw invalidObject(namespaceKind, attributes.name, errors);
      if (isExemptNamespace) warnOfNoEffect(attributes, policy);
      return;
    }
    const old = policyOf(attributes.oldObject?.metadata.labels, defaults);
    if (errors.length > 0 && JSON.stringify(errors) !== JSON.stringify(old.errors)) {
      throw invalidObject(namespaceKind, attributes.name, errors);
    }
    const [now, before] = [policy.enforce, old.policy.enforce];
    if (isSameStandard(now, before) || now.level === 'privileged') return;
    if (now.minor === before.minor && compareLevels(now.level, before.level) < 0) return;
    if (isExemptNamespace) {
      if (!warnOfNoEffect(attributes, policy)) attributes.annotate(`${prefix}exempt`, 'namespace');
      return;
    }
    for (const text of await warningsOfExistingPods(attributes, now, hasExemptRuntime)) attributes.warn(text);
  }

  /** Whether there was something to warn of. */
  function warnOfNoEffect(attributes: Attributes, policy: Policy): boolean {
    const text = policyText(policy);
    if (text === '' || text === policyText(defaults)) return false;
    attributes.warn(
      `namespace "${attributes.namespace}" is exempt from Pod Security, and the policy (${text}) will be ignored`,
    );
    return true;
  }

  async function validatePod(attributes: Attributes): Promise<void> {
    if (harmless.has(attributes.subresource) || isExempt(attributes)) return;
    const labels = await labelsOf(attributes);
    if (labels === undefined) {
      metrics.failed(true, attributes);
      throw internalError(`failed to lookup namespace ${attributes.namespace}`);
    }
    const { policy, errors } = policyOf(labels, defaults);
    if (errors.length === 0 && isPrivileged(policy, 'enforce', 'audit', 'warn')) {
      metrics.evaluated('allow', policy.enforce, 'enforce', attributes);
      attributes.annotate(`${prefix}enforce-policy`, standardText(privileged));
      return;
    }
    const pod = attributes.object as Pod;
    if (attributes.operation === 'UPDATE' && !isSignificant(pod, attributes.oldObject as Pod)) return;
    judge(attributes, pod, policy, errors, true);
  }

  async function validateTemplate(attributes: Attributes, path: string): Promise<void> {
    if (attributes.subresource !== '' || isExempt(attributes)) return;
    const labels = await labelsOf(attributes);
    if (labels === undefined) {
      // Nothing comes of it but warnings.
      metrics.failed(true, attributes);
      attributes.annotate(`${prefix}error`, `failed to lookup namespace ${attributes.namespace}`);
      return;
    }
    const { policy, errors } = policyOf(labels, defaults);
    if (errors.length === 0 && isPrivileged(policy, 'audit', 'warn')) return;
    const template = getPath(attributes.object as KubeObject, path) as PodTemplateSpec | undefined;
    if (!template?.spec) return;
    judge(attributes, { metadata: template.metadata ?? {}, spec: template.spec }, policy, errors, false);
  }

  /** Annotates, warns, and throws Forbidden where `enforced` says that this is a pod. */
  function judge(
    attributes: Attributes,
    it: PodLike,
    policy: Policy,
    errors: readonly { field: string; message: string }[],
    enforced: boolean,
  ): void {
    if (hasExemptRuntime(it)) {
      exempted(attributes, 'runtimeClass');
      return;
    }
    if (errors.length > 0) {
      const texts = errors.map(({ field, message }) => `${field}: ${message}`);
      const all = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
      attributes.annotate(`${prefix}error`, `Failed to parse policy: ${all}`);
      metrics.failed(false, attributes);
    }
    const known = new Map<string, string>();
    /** What of it the standard of a mode forbids, said as clients are told; undefined: nothing. */
    const violations = (mode: Mode): string | undefined => {
      const text = standardText(policy[mode]);
      let details = known.get(text);
      if (details === undefined) {
        details = detailsOf(evaluate(policy[mode], it));
        known.set(text, details);
      }
      if (details === '') return undefined;
      metrics.evaluated('deny', policy[mode], mode, attributes);
      return `violate PodSecurity ${JSON.stringify(text)}: ${details}`;
    };
    let refusal: string | undefined;
    if (enforced) {
      attributes.annotate(`${prefix}enforce-policy`, standardText(policy.enforce));
      refusal = violations('enforce');
      if (refusal === undefined) metrics.evaluated('allow', policy.enforce, 'enforce', attributes);
    }
    const audited = violations('audit');
    if (audited !== undefined) attributes.annotate(`${prefix}audit-violations`, `would ${audited}`);
    if (refusal !== undefined) throw refused(attributes, refusal.replace('violate', 'violates'));
    const warning = violations('warn');
    if (warning !== undefined) attributes.warn(`would ${warning}`);
  }

  return {
    name: 'PodSecurity',
    validate(attributes) {
      const { operation, group, resource } = attributes;
      if (operation !== 'CREATE' && operation !== 'UPDATE') return;
      if (isCore(attributes, 'pods')) return validatePod(attributes);
      if (isCore(attributes, 'namespaces')) {
        return attributes.subresource === '' ? validateNamespace(attributes) : undefined;
      }
      const path = templates[group === '' ? resource : `${resource}.${group}`];
      return path === undefined ? undefined : validateTemplate(attributes, path);
    },
  };
}

/** Undefined: there is no such namespace. */
async function labelsOf({ objects, namespace }: Attributes): Promise<Readonly<Record<string, string>> | undefined> {
  const found = await objects.lookUp(namespaceKind, namespace);
  return found && (found.metadata.labels ?? {});
}

function isPrivileged(policy: Policy, ...of: readonly Mode[]): boolean {
  return of.every((mode) => policy[mode].level === 'privileged');
}

/** `enforce=baseline:latest, warn=restricted:latest`: what a policy forbids. */
function policyText(policy: Policy): string {
  const text = (mode: Mode, { level }: Standard) =>
    level === 'privileged' ? [] : [`${mode}=${standardText(policy[mode])}`];
  return [...text('enforce', policy.enforce), ...text('audit', policy.audit), ...text('warn', policy.warn)].join(', ');
}
