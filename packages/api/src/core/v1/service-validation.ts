import { isIP } from 'node:net';
import type { Service, ServicePort, ServiceSpec } from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import {
  isCidr,
  isDns1123Label,
  isDns1123Subdomain,
  isIp,
  isPortName,
  isPortNumber,
  isQualifiedName,
} from '../../meta/names.ts';
import { validateLabels } from '../../meta/validate-selector.ts';
import { endpointIpErrors } from './endpoint-addresses.ts';
import { validateAddressFamilies } from './service-families.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const affinities = ['ClientIP', 'None'];
const policies = ['Cluster', 'Local'];
const distributions = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];
const sourceRangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const maxAffinitySeconds = 86_400;
const kubeletPort = 10_250;

/** Errors of a service. Addresses and node ports are allocated, and checked for conflicts, by the API server. */
export function validateService(it: Service, at: Path): FieldError[] {
  const { spec } = it;
  const path = at.child('spec');
  const { type = '', ports = [], sessionAffinity = '' } = spec;
  const headless = spec.clusterIP === 'None';
  const errors: FieldError[] = [];
  if (ports.length === 0 && !headless && type !== 'ExternalName') errors.push(required(path.child('ports')));
  append(errors, validateType(spec, headless, path));
  append(errors, validatePorts(ports, path.child('ports')));
  append(errors, validateLabels(spec.selector, path.child('selector')));
  if (sessionAffinity === '') errors.push(required(path.child('sessionAffinity')));
  else if (!affinities.includes(sessionAffinity))
    errors.push(notSupported(path.child('sessionAffinity'), sessionAffinity, affinities));
  append(errors, validateAffinityConfig(spec, path.child('sessionAffinityConfig')));
  if (type !== 'ExternalName') append(errors, validateAddressFamilies(spec, path));
  for (const [i, address] of (spec.externalIPs ?? []).entries()) {
    const where = path.child('externalIPs').index(i);
    const wrong = malformed(where, address, isIp);
    append(errors, wrong.length > 0 ? wrong : endpointIpErrors(address, where));
  }
  if (type === '') errors.push(required(path.child('type')));
  else if (!types.includes(type)) errors.push(notSupported(path.child('type'), type, types));
  append(errors, validateTakenPorts(spec, path.child('ports')));
  append(errors, validateLoadBalancing(it, at));
  append(errors, validatePolicies(spec, path));
  const { trafficDistribution } = spec;
  if (trafficDistribution !== undefined && !distributions.includes(trafficDistribution))
    errors.push(notSupported(path.child('trafficDistribution'), trafficDistribution, distributions));
  return errors;
}

/** Errors of what does not go with a service's type. */
function validateType(spec: ServiceSpec, headless: boolean, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  switch (spec.type) {
    case 'LoadBalancer':
    case 'NodePort':
      for (const [i, { port }] of (spec.type === 'LoadBalancer' ? (spec.ports ?? []) : []).entries()) {
        const detail = `may not expose port ${kubeletPort} externally since it is used by kubelet`;
        if (port === kubeletPort) errors.push(invalid(at.child('ports').index(i), port, detail));
      }
      if (headless)
        errors.push(
          invalid(at.child('clusterIPs').index(0), 'None', `may not be set to 'None' for ${spec.type} services`),
        );
      break;
    case 'ExternalName': {
      const refused = 'may not be set for ExternalName services';
      if (spec.clusterIPs?.length || spec.clusterIP) errors.push(forbidden(at.child('clusterIPs'), refused));
      if (spec.ipFamilies?.length) errors.push(forbidden(at.child('ipFamilies'), refused));
      if (spec.ipFamilyPolicy !== undefined) errors.push(forbidden(at.child('ipFamilyPolicy'), refused));
      const name = (spec.externalName ?? '').replace(/\.$/, '');
      append(
        errors,
        name === ''
          ? [required(at.child('externalName'))]
          : malformed(at.child('externalName'), name, isDns1123Subdomain),
      );
    }
  }
  return errors;
}

function validatePorts(ports: readonly ServicePort[], at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, { name, port = 0, protocol, targetPort = 0, appProtocol }] of ports.entries()) {
    const path = at.index(i);
    if (name) {
      append(errors, malformed(path.child('name'), name, isDns1123Label));
      if (names.has(name)) errors.push(duplicate(path.child('name'), name));
      names.add(name);
    } else if (ports.length > 1) errors.push(required(path.child('name')));
    for (const message of isPortNumber(port)) errors.push(invalid(path.child('port'), port, message));
    if (!protocol) errors.push(required(path.child('protocol')));
    else if (!protocols.includes(protocol)) errors.push(notSupported(path.child('protocol'), protocol, protocols));
    for (const message of typeof targetPort === 'string' ? isPortName(targetPort) : isPortNumber(targetPort))
      errors.push(invalid(path.child('targetPort'), targetPort, message));
    if (appProtocol !== undefined) append(errors, malformed(path.child('appProtocol'), appProtocol, isQualifiedName));
  }
  return errors;
}

/** Errors of ports that cannot be had: of nodes, for a service that has none there, and those that are had already. */
function validateTakenPorts({ type, ports = [] }: ServiceSpec, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (type === 'ClusterIP') {
    for (const [i, { nodePort }] of ports.entries()) {
      if (nodePort) errors.push(forbidden(at.index(i).child('nodePort'), "may not be used when `type` is 'ClusterIP'"));
    }
  }
  const nodePorts = new Set<string>();
  for (const [i, { protocol, nodePort }] of ports.entries()) {
    if (!nodePort) continue;
    const key = `${protocol}/${nodePort}`;
    if (nodePorts.has(key)) errors.push(duplicate(at.index(i).child('nodePort'), nodePort));
    nodePorts.add(key);
  }
  const numbers = new Set<string>();
  for (const [i, { protocol, port }] of ports.entries()) {
    const key = `${protocol}/${port}`;
    if (numbers.has(key)) errors.push(duplicate(at.index(i), goForm('core/v1.ServicePort', { protocol, port })));
    numbers.add(key);
  }
  return errors;
}

function validateAffinityConfig(
  { sessionAffinity, sessionAffinityConfig: config }: ServiceSpec,
  at: Path,
): FieldError[] {
  if (sessionAffinity === 'None') return config ? [forbidden(at, 'must not be set when session affinity is None')] : [];
  if (sessionAffinity !== 'ClientIP') return [];
  const path = at.child('clientIP');
  if (!config) return [required(at, 'when session affinity type is ClientIP')];
  if (!config.clientIP) return [required(path, 'when session affinity type is ClientIP')];
  const { timeoutSeconds: seconds } = config.clientIP;
  if (seconds === undefined) return [required(path.child('timeoutSeconds'), 'when session affinity type is ClientIP')];
  if (seconds > 0 && seconds <= maxAffinitySeconds) return [];
  return [invalid(path.child('timeoutSeconds'), seconds, `must be greater than 0 and less than ${maxAffinitySeconds}`)];
}

/** Errors of what load balancers are told. */
function validateLoadBalancing({ metadata, spec }: Service, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const isBalanced = spec.type === 'LoadBalancer';
  const only = "may only be used when `type` is 'LoadBalancer'";
  const path = at.child('spec');
  const annotation = metadata.annotations?.[sourceRangesAnnotation];
  if (spec.loadBalancerSourceRanges?.length) {
    const ranges = path.child('LoadBalancerSourceRanges');
    if (!isBalanced) errors.push(forbidden(ranges, only));
    for (const [i, range] of spec.loadBalancerSourceRanges.entries())
      append(errors, malformed(ranges.index(i), range.trim(), isCidr));
  } else if (annotation !== undefined) {
    const ranges = at.child('metadata.annotations').key(sourceRangesAnnotation);
    if (!isBalanced) errors.push(forbidden(ranges, only));
    for (const range of annotation.trim() === '' ? [] : annotation.split(','))
      append(errors, malformed(ranges, range.trim(), isCidr));
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isBalanced)
    errors.push(forbidden(path.child('allocateLoadBalancerNodePorts'), only));
  const { loadBalancerClass } = spec;
  if (loadBalancerClass === undefined) return errors;
  if (!isBalanced) errors.push(forbidden(path.child('loadBalancerClass'), only));
  else append(errors, malformed(path.child('loadBalancerClass'), loadBalancerClass, isQualifiedName));
  return errors;
}

function validatePolicies(spec: ServiceSpec, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const { externalTrafficPolicy: outer = '', internalTrafficPolicy: inner, type, healthCheckNodePort } = spec;
  const isExternal = type === 'NodePort' || type === 'LoadBalancer' || (spec.externalIPs?.length ?? 0) > 0;
  const path = at.child('externalTrafficPolicy');
  if (!isExternal) {
    if (outer !== '') errors.push(invalid(path, outer, 'may only be set for externally-accessible services'));
  } else if (outer === '') errors.push(required(path));
  else if (!policies.includes(outer)) errors.push(notSupported(path, outer, policies));
  if (healthCheckNodePort && (type !== 'LoadBalancer' || outer !== 'Local')) {
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid(at.child('healthCheckNodePort'), healthCheckNodePort, detail));
  }
  if (inner !== undefined && !policies.includes(inner))
    errors.push(notSupported(at.child('internalTrafficPolicy'), inner, policies));
  return errors;
}

const modes = ['Proxy', 'VIP'];

/** Errors of a change of a service's status: where its load balancer is reached. */
export function validateServiceStatus({ spec, status }: Service, at: Path): FieldError[] {
  const path = at.child('status.loadBalancer.ingress');
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (spec.type !== 'LoadBalancer')
    return ingress.length > 0 ? [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")] : [];
  return ingress.flatMap(({ ip, ipMode, hostname }, i) => {
    const where = path.index(i);
    const errors = ip ? malformed(where.child('ip'), ip, isIp) : [];
    if (ipMode === undefined) {
      if (ip) errors.push(required(where.child('ipMode'), 'must be specified when `ip` is set'));
    } else if (!ip) errors.push(forbidden(where.child('ipMode'), 'may not be specified when `ip` is not set'));
    else if (!modes.includes(ipMode)) errors.push(notSupported(where.child('ipMode'), ipMode, modes));
    if (!hostname) return errors;
    append(errors, malformed(where.child('hostname'), hostname, isDns1123Subdomain));
    if (isIP(hostname) > 0)
      errors.push(invalid(where.child('hostname'), hostname, 'must be a DNS name, not an IP address'));
    return errors;
  });
}
