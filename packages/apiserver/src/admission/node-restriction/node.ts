import { mayLabelItself } from '@coracle/api/core/kubelet-labels';
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
  const requested = operation === 'CREATE' ? (node?.metadata.name ?? '') : attributes.name;
  if (requested !== nodeName) {
    throw refused(attributes, `node ${quoted} is not allowed to modify node ${JSON.stringify(requested)}`);
  }
  if (operation === 'CREATE' && node) {
    if (node.spec?.configSource) {
      throw refused(attributes, `node ${quoted} is not allowed to create pods with a non-nil configSource`);
    }
    const labels = forbiddenAmong(changedLabels(node.metadata.labels));
    if (labels.length > 0) {
      throw refused(attributes, `node ${quoted} is not allowed to set the following labels: ${labels.join(', ')}`);
    }
  }
  if (operation !== 'UPDATE' || !node || !old) return;
  if (node.spec?.configSource && !deepEqual(node.spec.configSource, old.spec?.configSource)) {
    throw refused(attributes, `node ${quoted} is not allowed to update configSource to a new non-nil configSource`);
  }
  if (!deepEqual(node.spec?.taints ?? [], old.spec?.taints ?? [])) {
    throw refused(attributes, `node ${quoted} is not allowed to modify taints`);
  }
  if (!deepEqual(node.metadata.ownerReferences ?? [], old.metadata.ownerReferences ?? [])) {
    throw refused(attributes, `node ${quoted} is not allowed to modify ownerReferences`);
  }
  const labels = forbiddenAmong(changedLabels(node.metadata.labels, old.metadata.labels));
  if (labels.length > 0) throw refused(attributes, `is not allowed to modify labels: ${labels.join(', ')}`);
}

function changedLabels(now: Labels = {}, before: Labels = {}): string[] {
  const keys = new Set([...Object.keys(now), ...Object.keys(before)]);
  return [...keys].filter((key) => now[key] !== before[key]);
}

/** The labels among these that a node may not choose for itself, sorted. */
const forbiddenAmong = (labels: readonly string[]): string[] => labels.filter((it) => !mayLabelItself(it)).sort();
