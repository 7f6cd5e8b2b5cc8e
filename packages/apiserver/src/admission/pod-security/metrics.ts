import { version } from '@coracle/api/version';
import { Counter, type Registry } from 'prom-client';
import type { Attributes } from '../plugin.ts';
import type { Mode, Standard } from './standard.ts';
import { versionText } from './standard.ts';

/** Told what PodSecurity decides. */
export interface PodSecurityMetrics {
  evaluated(decision: 'allow' | 'deny', standard: Standard, mode: Mode, attributes: Attributes): void;
  exempted(attributes: Attributes): void;
  /** Something kept a request from being judged (`fatal`), or from being judged as its namespace says. */
  failed(fatal: boolean, attributes: Attributes): void;
}

/** Counts of PodSecurity, under upstream's metric names. */
export function podSecurityMetrics(metrics: Registry): PodSecurityMetrics {
  const registers = [metrics];
  const about = ['request_operation', 'resource', 'subresource'] as const;
  const evaluations = new Counter({
    name: 'pod_security_evaluations_total',
    help: 'Pods and templates of pods that were held against a standard.',
    labelNames: ['decision', 'policy_level', 'policy_version', 'mode', ...about],
    registers,
  });
  const exemptions = new Counter({
    name: 'pod_security_exemptions_total',
    help: 'Requests that were let through because of an exemption.',
    labelNames: about,
    registers,
  });
  const errors = new Counter({
    name: 'pod_security_errors_total',
    help: 'Requests that could not be held against the standard of their namespace.',
    labelNames: ['fatal', ...about],
    registers,
  });
  return {
    evaluated(decision, standard, mode, attributes) {
      evaluations.inc({
        decision,
        policy_level: standard.level,
        policy_version: versionLabel(standard),
        mode,
        ...labelsOf(attributes),
      });
    },
    exempted: (attributes) => exemptions.inc(labelsOf(attributes)),
    failed: (fatal, attributes) => errors.inc({ fatal: String(fatal), ...labelsOf(attributes) }),
  };
}

/** Namespaces may name any version: those to come are one. */
function versionLabel(standard: Standard): string {
  if (standard.level === 'privileged' || !Number.isFinite(standard.minor)) return 'latest';
  return standard.minor <= Number.parseInt(version.minor, 10) ? versionText(standard) : 'future';
}

function labelsOf({ operation, resource, subresource }: Attributes) {
  const what = resource === 'pods' ? 'pod' : resource === 'namespaces' ? 'namespace' : 'controller';
  return { request_operation: operation.toLowerCase(), resource: what, subresource };
}
