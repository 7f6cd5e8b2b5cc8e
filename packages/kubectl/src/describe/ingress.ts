import { messageOf } from '@coracle/api/meta/message-of';
import type { Service } from '@coracle/api/types/core/v1';
import type { Ingress, IngressBackend, IngressClass } from '@coracle/api/types/networking/v1';
import type { Session } from '../session.ts';
import { Description } from './description.ts';
import { endpointSlices, endpointsText } from './service.ts';

/** An Ingress, with the endpoints behind its backends. */
export async function describeIngress({ metadata, spec, status }: Ingress, session: Session): Promise<Description> {
  const out = new Description();
  const backend = (it: IngressBackend) => backendText(it, metadata.namespace!, session);
  out.line(0, `Name:\t${metadata.name}`);
  out.labels('Labels', metadata.labels);
  out.line(0, `Namespace:\t${metadata.namespace}`);
  const addresses = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
  out.line(0, `Address:\t${[...new Set(addresses)].filter(Boolean).sort().join(',')}`);
  out.line(0, `Ingress Class:\t${spec.ingressClassName ?? '<none>'}`);
  const fallback = spec.defaultBackend ? await backend(spec.defaultBackend) : '<default>';
  out.line(0, `Default backend:\t${fallback}`);
  if (spec.tls?.length) out.line(0, 'TLS:');
  for (const { secretName, hosts = [] } of spec.tls ?? [])
    out.line(1, secretName ? `${secretName} terminates ${hosts.join(',')}` : `SNI routes ${hosts.join(',')}`);
  out.line(0, 'Rules:');
  out.line(1, 'Host\tPath\tBackends');
  out.line(1, '----\t----\t--------');
  const rules = (spec.rules ?? []).filter(({ http }) => http);
  for (const { host, http } of rules) {
    out.line(1, `${host || '*'}\t`);
    for (const path of http!.paths) out.line(2, `\t${path.path ?? ''} \t${await backend(path.backend)}`);
  }
  if (rules.length === 0) out.line(1, `*\t*\t${fallback}`);
  out.annotations('Annotations', metadata.annotations);
  return out;
}

async function backendText(
  { service, resource }: IngressBackend,
  namespace: string,
  session: Session,
): Promise<string> {
  if (resource) return `APIGroup: ${resource.apiGroup ?? '<none>'}, Kind: ${resource.kind}, Name: ${resource.name}`;
  if (!service) return '';
  const { name, port = {} } = service;
  const shown = `${name}:${port.number || (port.name ?? '')}`;
  try {
    const slices = await endpointSlices(namespace, name, session);
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${encodeURIComponent(name)}`;
    const { spec } = await session.rest.json<Service>('GET', path);
    const found = spec.ports?.findLast((each) => (port.number ? each.port === port.number : each.name === port.name));
    return `${shown} (${endpointsText(slices, found?.name ?? '')})`;
  } catch (error) {
    return `${shown} (<error: ${messageOf(error)}>)`;
  }
}

export function describeIngressClass({ metadata, spec: { controller, parameters } }: IngressClass): Description {
  const out = new Description();
  out.line(0, `Name:\t${metadata.name}`);
  out.labels('Labels', metadata.labels);
  out.annotations('Annotations', metadata.annotations);
  out.line(0, `Controller:\t${controller}`);
  if (!parameters) return out;
  out.line(0, 'Parameters:');
  if (parameters.apiGroup !== undefined) out.line(1, `APIGroup:\t${parameters.apiGroup}`);
  out.line(1, `Kind:\t${parameters.kind}`);
  out.line(1, `Name:\t${parameters.name}`);
  return out;
}
