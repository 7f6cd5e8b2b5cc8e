import type { Container, NodeSelectorTerm, PodSpec } from '../../generated/core/v1.ts';
import { Quantity } from '../../meta/quantity.ts';
import { labelWarnings } from './node-labels.ts';
import { podVolumeWarnings } from './volume-warnings.ts';

/** What a client is warned of in the spec of a pod or a template; `at` is where it is. */
export function podSpecWarnings(spec: PodSpec | undefined, at: string): string[] {
  if (!spec) return [];
  return [
    ...nodeLabelWarnings(spec, at),
    ...podVolumeWarnings(spec, at),
    ...valueWarnings(spec, at),
    ...(['initContainers', 'containers'] as const).flatMap((list) =>
      (spec[list] ?? []).flatMap((container, i) => containerWarnings(container, `${at}.${list}[${i}]`)),
    ),
  ];
}

/** Values that upstream takes and does nothing good with. */
function valueWarnings(spec: PodSpec, at: string): string[] {
  const { terminationGracePeriodSeconds: grace = 0, imagePullSecrets = [], hostAliases = [] } = spec;
  const warnings: string[] = [];
  const secrets = new Set<string>();
  for (const [i, { name = '' }] of imagePullSecrets.entries()) {
    const path = `${at}.imagePullSecrets[${i}].name`;
    if (name === '') warnings.push(`${path}: invalid empty name ""`);
    else if (secrets.has(name)) warnings.push(`${path}: duplicate name ${JSON.stringify(name)}`);
    secrets.add(name);
  }
  if (grace < 0)
    warnings.push(
      `${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
    );
  const addresses = new Set<string>();
  for (const [i, { ip }] of hostAliases.entries()) {
    if (addresses.has(ip)) warnings.push(`${at}.hostAliases[${i}].ip: duplicate ip ${JSON.stringify(ip)}`);
    addresses.add(ip);
  }
  return warnings;
}

/** Labels of nodes that have other names now, wherever a pod may ask for them. */
function nodeLabelWarnings(
  { nodeSelector, affinity, topologySpreadConstraints: spread }: PodSpec,
  at: string,
): string[] {
  const nodes = `${at}.affinity.nodeAffinity`;
  const {
    requiredDuringSchedulingIgnoredDuringExecution: wanted,
    preferredDuringSchedulingIgnoredDuringExecution: liked,
  } = affinity?.nodeAffinity ?? {};
  return [
    ...Object.keys(nodeSelector ?? {}).flatMap((key) => labelWarnings(key, `${at}.nodeSelector[${key}]: `)),
    ...(wanted?.nodeSelectorTerms ?? []).flatMap((term, i) =>
      termWarnings(term, `${nodes}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${i}]`),
    ),
    ...(liked ?? []).flatMap(({ preference }, i) =>
      termWarnings(preference, `${nodes}.preferredDuringSchedulingIgnoredDuringExecution[${i}].preference`),
    ),
    ...(spread ?? []).flatMap(({ topologyKey: key }, i) =>
      labelWarnings(key, `${at}.topologySpreadConstraints[${i}].topologyKey: ${key} is `),
    ),
  ];
}

function termWarnings(term: NodeSelectorTerm, at: string): string[] {
  return (term.matchExpressions ?? []).flatMap(({ key }, i) =>
    labelWarnings(key, `${at}.matchExpressions[${i}].key: ${key} is `),
  );
}

function containerWarnings({ env = [], ports = [], resources = {} }: Container, at: string): string[] {
  const warnings: string[] = [];
  for (const list of ['limits', 'requests'] as const) {
    for (const name of ['memory', 'ephemeral-storage']) {
      const amount = resources[list]?.[name];
      if (amount === undefined || Quantity.parse(amount).milliValue() % 1000n === 0n) continue;
      warnings.push(
        `${at}.resources.${list}[${name}]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`,
      );
    }
  }
  const variables = new Set<string>();
  for (const [i, { name }] of env.entries()) {
    if (variables.has(name))
      warnings.push(
        `${at}.env[${i}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
      );
    variables.add(name);
  }
  const seen = new Map<string, string>();
  for (const [i, { containerPort, protocol, hostPort, hostIP }] of ports.entries()) {
    const definition = JSON.stringify([containerPort, protocol, hostPort ?? 0, hostIP ?? '']);
    const path = `${at}.ports[${i}]`;
    const other = seen.get(definition);
    if (other === undefined) seen.set(definition, path);
    else warnings.push(`${path}: duplicate port definition with ${other}`);
  }
  return warnings;
}
