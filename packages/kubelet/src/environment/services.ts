import type { Service } from '@coracle/api/types/core/v1';

/**
 * The variables that announce Services to a container (`WEB_SERVICE_HOST`, `WEB_SERVICE_PORT`, and Docker links' names). `links` adds
 * the Services of the pod's own namespace to those of the API server itself, which every pod is told.
 */
export function serviceEnvironment(
  services: readonly Service[],
  namespace: string,
  links: boolean,
): Record<string, string> {
  const chosen = new Map<string, Service>();
  for (const service of services) {
    const { name = '', namespace: home } = service.metadata;
    if (!service.spec?.clusterIP || service.spec.clusterIP === 'None') continue;
    const master = home === 'default' && name === 'kubernetes';
    if (master && !chosen.has(name)) chosen.set(name, service);
    if (links && home === namespace) chosen.set(name, service);
  }
  const result: Record<string, string> = {};
  for (const service of [...chosen.values()].sort((a, b) =>
    (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1,
  )) {
    Object.assign(result, variables(service));
  }
  return result;
}

function variables(service: Service): Record<string, string> {
  const ports = service.spec?.ports ?? [];
  const host = service.spec?.clusterIP ?? '';
  const prefix = upper(service.metadata.name ?? '');
  const result: Record<string, string> = { [`${prefix}_SERVICE_HOST`]: host };
  if (ports.length === 0) return result;
  result[`${prefix}_SERVICE_PORT`] = String(ports[0]!.port);
  for (const port of ports) if (port.name) result[`${prefix}_SERVICE_PORT_${upper(port.name)}`] = String(port.port);
  const address = host.includes(':') ? `[${host}]` : host;
  for (const [index, port] of ports.entries()) {
    const protocol = (port.protocol ?? 'TCP').toLowerCase();
    const url = `${protocol}://${address}:${port.port}`;
    if (index === 0) result[`${prefix}_PORT`] = url;
    const link = `${prefix}_PORT_${port.port}_${protocol.toUpperCase()}`;
    result[link] = url;
    result[`${link}_PROTO`] = protocol;
    result[`${link}_PORT`] = String(port.port);
    result[`${link}_ADDR`] = host;
  }
  return result;
}

const upper = (name: string): string => name.toUpperCase().replaceAll('-', '_');
