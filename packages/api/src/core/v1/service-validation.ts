import type { Service, ServicePort } from '../../generated/core/v1.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { isDns1123Label, isDns1123Subdomain, isIp, isPortName } from '../../meta/names.ts';
import { validateLabels } from '../../meta/validate-selector.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const policies = ['Cluster', 'Local'];
const maxAffinitySeconds = 86_400;

/** Errors of a new service. Addresses and node ports are allocated, and checked for conflicts, by the API server. */
export function validateService(it: Service, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const spec = it.spec;
  const path = at.child('spec');
  const headless = spec.clusterIP === 'None';
  if (!types.includes(spec.type ?? ''))
    errors.push(spec.type ? notSupported(path.child('type'), spec.type, types) : required(path.child('type')));
  if (!spec.ports?.length && !headless && spec.type !== 'ExternalName') errors.push(required(path.child('ports')));
  if (spec.type === 'LoadBalancer' || spec.type === 'NodePort') {
    if (headless)
      errors.push(
        invalid(path.child('clusterIPs').index(0), 'None', `may not be set to 'None' for ${spec.type} services`),
      );
  }
  if (spec.type === 'ExternalName') {
    if (spec.clusterIP)
      errors.push(forbidden(path.child('clusterIPs'), "may not be set when `type` is 'ExternalName'"));
    if (!spec.externalName) errors.push(required(path.child('externalName')));
    else
      for (const message of isDns1123Subdomain(spec.externalName.replace(/\.$/, '').toLowerCase()))
        errors.push(invalid(path.child('externalName'), spec.externalName, message));
  }
  for (const [i, address] of (spec.clusterIPs ?? []).entries()) {
    if (address === 'None' || address === '') continue;
    for (const message of isIp(address)) errors.push(invalid(path.child('clusterIPs').index(i), address, message));
  }
  if (spec.clusterIP && spec.clusterIPs?.length && spec.clusterIPs[0] !== spec.clusterIP) {
    errors.push(invalid(path.child('clusterIPs'), spec.clusterIPs, 'first value must match `clusterIP`'));
  }
  errors.push(...validatePorts(spec.ports ?? [], spec.type ?? '', headless, path.child('ports')));
  errors.push(...validateLabels(spec.selector, path.child('selector')), ...validateAffinity(it, path));
  for (const [i, address] of (spec.externalIPs ?? []).entries()) {
    for (const message of isIp(address)) errors.push(invalid(path.child('externalIPs').index(i), address, message));
  }
  errors.push(...validatePolicies(it, path));
  return errors;
}

function validatePorts(ports: readonly ServicePort[], type: string, headless: boolean, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const numbers = new Set<string>();
  const nodePorts = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const path = at.index(i);
    if (!port.name && ports.length > 1) errors.push(required(path.child('name')));
    else if (port.name) {
      for (const message of isDns1123Label(port.name)) errors.push(invalid(path.child('name'), port.name, message));
      if (names.has(port.name)) errors.push(duplicate(path.child('name'), port.name));
      names.add(port.name);
    }
    if (!inRange(port.port)) errors.push(outOfRange(path.child('port'), port.port ?? 0));
    if (!port.protocol) errors.push(required(path.child('protocol')));
    else if (!protocols.includes(port.protocol))
      errors.push(notSupported(path.child('protocol'), port.protocol, protocols));
    const target = port.targetPort;
    if (typeof target === 'number' && !inRange(target)) errors.push(outOfRange(path.child('targetPort'), target));
    if (typeof target === 'string')
      for (const message of isPortName(target)) errors.push(invalid(path.child('targetPort'), target, message));
    if (port.nodePort && (type === 'ClusterIP' || type === 'ExternalName')) {
      errors.push(forbidden(path.child('nodePort'), `may not be used when \`type\` is '${type}'`));
    }
    const key = `${port.protocol}/${port.port}`;
    if (numbers.has(key) && !headless) errors.push(duplicate(path, { port: port.port, protocol: port.protocol }));
    numbers.add(key);
    if (!port.nodePort) continue;
    const nodeKey = `${port.protocol}/${port.nodePort}`;
    if (nodePorts.has(nodeKey)) errors.push(duplicate(path.child('nodePort'), port.nodePort));
    nodePorts.add(nodeKey);
  }
  return errors;
}

const inRange = (port: number | undefined) => port !== undefined && port >= 1 && port <= 65_535;
const outOfRange = (at: Path, port: number) => invalid(at, port, 'must be between 1 and 65535, inclusive');

function validateAffinity(it: Service, at: Path): FieldError[] {
  const { sessionAffinity, sessionAffinityConfig } = it.spec;
  if (sessionAffinity !== 'ClientIP' && sessionAffinity !== 'None')
    return [notSupported(at.child('sessionAffinity'), sessionAffinity ?? '', ['ClientIP', 'None'])];
  if (sessionAffinity === 'None') {
    return sessionAffinityConfig
      ? [forbidden(at.child('sessionAffinityConfig'), 'must not be set when session affinity is None')]
      : [];
  }
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (seconds === undefined)
    return [required(at.child('sessionAffinityConfig.clientIP'), 'when session affinity type is ClientIP')];
  if (seconds > 0 && seconds <= maxAffinitySeconds) return [];
  return [
    invalid(
      at.child('sessionAffinityConfig.clientIP.timeoutSeconds'),
      seconds,
      `must be greater than 0 and less than ${maxAffinitySeconds}`,
    ),
  ];
}

function validatePolicies(it: Service, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const { externalTrafficPolicy, internalTrafficPolicy, type, healthCheckNodePort } = it.spec;
  const external = type === 'NodePort' || type === 'LoadBalancer' || (it.spec.externalIPs?.length ?? 0) > 0;
  if (externalTrafficPolicy && !policies.includes(externalTrafficPolicy))
    errors.push(notSupported(at.child('externalTrafficPolicy'), externalTrafficPolicy, policies));
  if (externalTrafficPolicy && !external)
    errors.push(
      invalid(
        at.child('externalTrafficPolicy'),
        externalTrafficPolicy,
        'may only be set for externally-accessible services',
      ),
    );
  if (internalTrafficPolicy && !policies.includes(internalTrafficPolicy))
    errors.push(notSupported(at.child('internalTrafficPolicy'), internalTrafficPolicy, policies));
  if (healthCheckNodePort && (type !== 'LoadBalancer' || externalTrafficPolicy !== 'Local')) {
    errors.push(
      invalid(
        at.child('healthCheckNodePort'),
        healthCheckNodePort,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    );
  }
  return errors;
}

/** Errors of a change: the cluster address stays as long as the service keeps one. */
export function validateServiceUpdate(it: Service, old: Service, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (old.spec.type === 'ExternalName' || it.spec.type === 'ExternalName') return errors;
  const before = old.spec.clusterIPs?.length ? old.spec.clusterIPs : old.spec.clusterIP ? [old.spec.clusterIP] : [];
  const now = it.spec.clusterIPs?.length ? it.spec.clusterIPs : it.spec.clusterIP ? [it.spec.clusterIP] : [];
  if (before[0] && before[0] !== now[0])
    errors.push(invalid(at.child('spec.clusterIPs').index(0), now, 'may not change once set'));
  return errors;
}
