import { kubeletLabelDomains, kubeletLabels, mayLabelItself } from '@coracle/api/core/kubelet-labels';
import { isLabelValue, isQualifiedName } from '@coracle/api/meta/names';
import { UsageError } from '@coracle/process';

/** The labels of --node-labels, if a kubelet may set them. Throws UsageError that names those it may not. */
export function checkedLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const foreign = Object.keys(labels).filter((key) => !mayLabelItself(key));
  if (foreign.length > 0) {
    throw new UsageError(
      `unknown 'kubernetes.io' or 'k8s.io' labels specified with --node-labels: [${foreign.sort().join(' ')}]\n--node-labels in the 'kubernetes.io' namespace must begin with an allowed prefix (${kubeletLabelDomains.join(', ')}) or be in the specifically allowed set (${[...kubeletLabels].sort().join(', ')})`,
    );
  }
  for (const [key, value] of Object.entries(labels)) {
    const problems = [...isQualifiedName(key), ...isLabelValue(value)];
    if (problems.length > 0) throw new UsageError(`invalid node labels: ${key}=${value}: ${problems.join('; ')}`);
  }
  return labels;
}
