import { age, shownSet, text, wide } from '../../columns.ts';
import type { Service, ServicePort } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { isDns1123Label } from '../../meta/names.ts';
import { validateServiceUpdate } from './service-families.ts';
import { validateService, validateServiceStatus } from './service-validation.ts';
import { serviceWarnings } from './service-warnings.ts';

/** A stable address and name in front of a set of pods. */
export const service = defineKind<Service>('core/v1', {
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  namespaced: true,
  name: isDns1123Label,
  hasGeneration: false,
  subresources: { status: true },
  defaults: serviceDefaults,
  prepareForCreate(it) {
    it.status = { loadBalancer: {} };
  },
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  validateStatusUpdate: (it, _old, at) => validateServiceStatus(it, at),
  warnings: serviceWarnings,
  columns: [
    text('Type', (it) => it.spec.type, 'How the service is reached.'),
    text('Cluster-IP', (it) => it.spec.clusterIPs?.[0] || '<none>', 'Address inside the cluster.'),
    text('External-IP', externalIp, 'Addresses outside the cluster.'),
    text('Port(s)', (it) => shownPorts(it.spec.ports), 'Ports, with node ports after a colon.'),
    age,
    wide(text('Selector', (it) => shownSet(it.spec.selector), 'Labels of the pods behind it.')),
  ],
  selectableFields: {
    'spec.clusterIP': (it) => it.spec?.clusterIP ?? '',
    'spec.type': (it) => it.spec?.type ?? '',
  },
});

function serviceDefaults(it: Service): void {
  it.spec ??= {};
  const spec = it.spec;
  spec.type ||= 'ClusterIP';
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  else if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= {};
    spec.sessionAffinityConfig.clientIP ??= {};
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= 10_800;
  }
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    if (port.targetPort === undefined || port.targetPort === null || port.targetPort === 0 || port.targetPort === '') {
      port.targetPort = port.port;
    }
  }
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer' || (spec.externalIPs?.length ?? 0) > 0;
  if (external && spec.type !== 'ExternalName') spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ||= 'Cluster';
  if (spec.type !== 'LoadBalancer') return;
  spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of it.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
}

function externalIp(it: Service): string {
  const { type, externalIPs = [], externalName } = it.spec;
  const ingress = (it.status?.loadBalancer?.ingress ?? [])
    .map((each) => each.ip || each.hostname || '')
    .filter(Boolean);
  switch (type) {
    case 'LoadBalancer': {
      const all = [...ingress, ...externalIPs];
      return all.length > 0 ? all.join(',') : '<pending>';
    }
    case 'ExternalName':
      return externalName || '<none>';
    default:
      return externalIPs.length > 0 ? externalIPs.join(',') : '<none>';
  }
}

function shownPorts(ports: readonly ServicePort[] = []): string {
  if (ports.length === 0) return '<none>';
  return ports.map((each) => `${each.port}${each.nodePort ? `:${each.nodePort}` : ''}/${each.protocol}`).join(',');
}
