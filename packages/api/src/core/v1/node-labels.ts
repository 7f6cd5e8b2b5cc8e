/** Labels of nodes that got another name when they became stable, by the former one. */
export const newerLabels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
};

/** What is said of the former name of a label, after `start`; nothing of any other label. */
export function labelWarnings(label: string, start: string): string[] {
  if (!Object.hasOwn(newerLabels, label)) return [];
  const since = /\/(os|arch)$/.test(label) ? 'v1.14' : 'v1.17';
  return [`${start}deprecated since ${since}; use "${newerLabels[label]}" instead`];
}
