import type {
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
  PreferredSchedulingTerm,
} from '@coracle/api/types/core/v1';

/**
 * Whether a node satisfies what a pod demands of it: its `nodeSelector` and the required terms of its node affinity.
 * Terms are alternatives; a term's requirements must all hold; an empty term matches nothing.
 */
export function matchesRequired(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  for (const [key, value] of Object.entries(pod.spec.nodeSelector ?? {})) {
    if (!Object.hasOwn(labels, key) || labels[key] !== value) return false;
  }
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || matchesAnyTerm(required.nodeSelectorTerms ?? [], node);
}

export function matchesAnyTerm(terms: readonly NodeSelectorTerm[], node: Node): boolean {
  return terms.some((term) => matchesTerm(term, node));
}

/** The sum of the weights of those preferred terms that the node matches. Unlike required ones, empty terms match every node. */
export function preferenceWeight(terms: readonly PreferredSchedulingTerm[] | undefined, node: Node): number {
  let sum = 0;
  for (const { weight, preference } of terms ?? []) {
    if (weight !== 0 && (isEmpty(preference) || matchesTerm(preference, node))) sum += weight;
  }
  return sum;
}

/** Node names that required terms pin by `metadata.name`; undefined when some term pins none (so any node may match). */
export function pinnedNames(terms: readonly NodeSelectorTerm[]): Set<string> | undefined {
  const names = new Set<string>();
  for (const term of terms) {
    let own: Set<string> | undefined;
    for (const field of term.matchFields ?? []) {
      if (field.key !== 'metadata.name' || field.operator !== 'In') continue;
      const values = new Set(field.values);
      own = own ? own.intersection(values) : values;
    }
    if (!own) return undefined;
    for (const name of own) names.add(name);
  }
  return names;
}

function isEmpty(term: NodeSelectorTerm): boolean {
  return !term.matchExpressions?.length && !term.matchFields?.length;
}

function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  if (isEmpty(term)) return false;
  const labels = node.metadata.labels ?? {};
  const fields = { 'metadata.name': node.metadata.name ?? '' };
  return (
    (term.matchExpressions ?? []).every((each) => holds(each, labels)) &&
    (term.matchFields ?? []).every((each) => holds(each, fields))
  );
}

function holds(requirement: NodeSelectorRequirement, labels: Readonly<Record<string, string>>): boolean {
  const present = Object.hasOwn(labels, requirement.key);
  const value = present ? labels[requirement.key]! : '';
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
      return present && values.includes(value);
    case 'NotIn':
      return !present || !values.includes(value);
    case 'Exists':
      return present;
    case 'DoesNotExist':
      return !present;
    case 'Gt':
    case 'Lt': {
      const bound = values[0];
      if (!present || bound === undefined || !isInteger(value) || !isInteger(bound)) return false;
      return requirement.operator === 'Gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
    }
    default:
      return false;
  }
}

function isInteger(text: string): boolean {
  return /^[+-]?\d+$/.test(text);
}
