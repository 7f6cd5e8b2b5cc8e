import { createHash } from 'node:crypto';
import type { Endpoint } from '../model/endpoints.ts';
import type { ServicePort } from '../model/service-port.ts';

export const table = 'kube-proxy';

/** Containers by the name they are declared under. */
export const serviceIPs = 'map service-ips';
export const serviceNodePorts = 'map service-nodeports';
export const noEndpointServices = 'map no-endpoint-services';
export const noEndpointNodePorts = 'map no-endpoint-nodeports';
export const firewallIPs = 'map firewall-ips';
export const clusterIPs = 'set cluster-ips';
export const nodePortIPs = 'set nodeport-ips';

/** The kernel takes 255 characters, older nft 127. */
const maxLength = 127;

/** `ns/name/tcp/http`: names the port of a Service in chains. */
function textOf(port: ServicePort): string {
  return `${port.namespace}/${port.name}/${port.protocol}/${port.portName}`;
}

export type ServiceChainKind = 'service' | 'local' | 'external' | 'firewall';

/** The name of a chain of a Service's port. The hash keeps cut-off names apart. */
export function serviceChain(kind: ServiceChainKind, port: ServicePort): string {
  return hashed(kind, textOf(port));
}

export function endpointChain(port: ServicePort, endpoint: Endpoint): string {
  return hashed('endpoint', `${textOf(port)}__${endpoint.ip.replaceAll(':', '.')}/${endpoint.port}`);
}

/** The set of clients that stay with the endpoint. */
export function affinitySet(port: ServicePort, endpoint: Endpoint): string {
  return hashed('affinity', `${textOf(port)}__${endpoint.ip.replaceAll(':', '.')}/${endpoint.port}`);
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function hashed(kind: string, text: string): string {
  const digest = createHash('sha256').update(text).digest();
  let hash = '';
  for (let i = 0; i < 8; i++) hash += alphabet[digest[i]! & 31];
  const name = `${kind}-${hash}-${text}`;
  return name.length <= maxLength ? name : `${name.slice(0, maxLength - 3)}...`;
}
