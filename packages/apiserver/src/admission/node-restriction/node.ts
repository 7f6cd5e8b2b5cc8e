import { deepEqual } from '@coracle/api/meta/object';
import type { Node } from '@coracle/api/types/core/v1';
import type { Attributes } from '../plugin.ts';
import { refused } from '../refusal.ts';

type Labels = Readonly<Record<string, string>>;

/** A node writes its own Node only, and not what would steer workloads to it: taints, owners, protected labels. */
export function admitNode(attributes: Attributes, nodeName: string): void {
  const { operation } = attributes;
  const quoted = JSON.stringify(nodeName);
  const node = attributes.object as Node | undefined;
  const old = attributes.oldObject as Node | undefined;
  if (operation === 'CREATE' && node) {
    const labels = forbiddenAmong(changedLabels(node.metadata.labels));
    if (labels.length > 0) {
      throw refused(attributes, `is not allowed to set the following labels: ${labels.join(', ')}`);
    }
  }
  const requested = operation === 'CREATE' ? (node?.metadata.name ?? '') : attributes.name;
  if (requested !== nodeName) {
    throw refused(attributes, `node ${quoted} is not allowed to modify node ${JSON.stringify(requested)}`);
  }
  if (operation !== 'UPDATE' || !node || !old) return;
  const labels = forbiddenAmong(changedLabels(node.metadata.labels, old.metadata.labels));
  if (labels.length > 0) throw refused(attributes, `is not allowed to modify labels: ${labels.join(', ')}`);
  if (!deepEqual(node.spec?.taints ?? [], old.spec?.taints ?? [])) {
    throw refused(attributes, `node ${quoted} is not allowed to modify taints`);
  }
  if (!deepEqual(node.metadata.ownerReferences ?? [], old.metadata.ownerReferences ?? [])) {
    throw refused(attributes, `node ${quoted} is not allowed to modify ownerReferences`);
  }
}

function changedLabels(now: Labels = {}, before: Labels = {}): string[] {
  const keys = new Set([...Object.keys(now), ...Object.keys(before)]);
  return [...keys].filter((key) => now[key] !== before[key]);
}

/** Labels of the kubernetes.io and k8s.io domains that a kubelet sets on its own node. */
const kubeletLabels = new Set([
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'kubernetes.io/arch',
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]);
const kubeletDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

/** The labels among these that a node may not choose for itself, sorted. */
export function forbiddenAmong(labels: readonly string[]): string[] {
  return labels.filter(isForbidden).sort();
}

function isForbidden(label: string): boolean {
  const slash = label.indexOf('/');
  const domain = slash < 0 ? '' : label.slice(0, slash);
  if (isIn(domain, 'node-restriction.kubernetes.io')) return true;
  if (!isIn(domain, 'kubernetes.io') && !isIn(domain, 'k8s.io')) return false;
  return !kubeletLabels.has(label) && !kubeletDomains.some((each) => isIn(domain, each));
}

function isIn(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}
