import { pod as podKind } from '@coracle/api/core/v1/pod';
import { service as serviceKind } from '@coracle/api/core/v1/service';
import type { AnyKind, Kind, KubeObject } from '@coracle/api/kind';
import { badRequest, notFoundError, serviceUnavailable } from '@coracle/api/meta/status';
import type { Endpoint } from '@coracle/api/types/discovery/v1';
import type { ObjectAccess } from '../registry/access.ts';
import type { KubeletClient } from '../streaming/kubelet.ts';
import { readyAddresses, slicesOf } from '../webhooks/service-resolver.ts';
import type { ProxyTarget } from './forward.ts';
import { requireProxyable, requireProxyableHost } from './proxyable.ts';
import { targetName } from './target-name.ts';

/** Where a target is; without the path. */
export type Place = Pick<ProxyTarget, 'secure' | 'host' | 'port' | 'tls'>;

/** Finds the target of a proxy request. Throws a StatusError where there is none. */
export type Locate = (objects: ObjectAccess, namespace: string, text: string) => Promise<Place>;

/** Certificates of pods are not checked: nobody says who signs them. */
const unchecked = { rejectUnauthorized: false };

/** A pod: at the port the path says, or at its first. */
export const locatePod: Locate = async (objects, namespace, text) => {
  const { scheme, name, port } = targetName(text, 'pod');
  const { spec, status } = await read(objects, podKind, name, namespace);
  const first = spec.containers.flatMap((each) => each.ports ?? [])[0]?.containerPort;
  const host = status?.podIP ?? '';
  requireProxyable(host);
  const secure = scheme === 'https';
  return { secure, host, port: portNumber(port) ?? first ?? (secure ? 443 : 80), tls: unchecked };
};

/** One of a Service's endpoints that are pods of its namespace; the port is one of the Service's, by number or name. */
export const locateService: Locate = async (objects, namespace, text) => {
  const { scheme, name, port } = targetName(text, 'service');
  const { spec } = await read(objects, serviceKind, name, namespace);
  let portName = port;
  if (/^\d+$/.test(port)) {
    const found = spec?.ports?.find((each) => each.port === Number(port));
    if (!found) throw serviceUnavailable(`no service port ${Number(port)} found for service ${JSON.stringify(name)}`);
    portName = found.name ?? '';
  }
  const isPod = (endpoint: Endpoint, ip: string) => isPodOf(objects, namespace, endpoint, ip);
  const slices = slicesOf(objects, namespace, name);
  const usable = slices.flatMap((slice) => readyAddresses(slice, portName, isPod));
  const chosen = usable[Math.floor(Math.random() * usable.length)];
  if (!chosen) {
    // Where there are some, it is about the port, too.
    const what = JSON.stringify(slices.length === 0 ? name : text);
    throw serviceUnavailable(`no endpoints available for service ${what}`);
  }
  return { secure: scheme === 'https', ...chosen, tls: unchecked };
};

/** A node's kubelet, or another port of the node where the path says one. */
export function locateNode(kubelets: KubeletClient): Locate {
  return async (objects, _namespace, text) => {
    const { scheme, name, port } = targetName(text, 'node');
    const kubelet = await kubelets.locate(objects, name);
    await requireProxyableHost(kubelet.host);
    const number = portNumber(port) ?? kubelet.port;
    if (number === kubelet.port) return { secure: true, ...kubelet, tls: kubelets.tls() };
    return { secure: scheme === 'https', host: kubelet.host, port: number, tls: unchecked };
  };
}

async function read<T extends KubeObject>(
  objects: ObjectAccess,
  kind: Kind<T>,
  name: string,
  namespace?: string,
): Promise<T> {
  const found = await objects.lookUp(kind, name, namespace);
  if (!found) throw notFoundError({ group: '', resource: (kind as AnyKind).plural }, name);
  return found;
}

function portNumber(text: string): number | undefined {
  if (text === '') return undefined;
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > 65_535) throw badRequest(`invalid port ${JSON.stringify(text)}`);
  return number;
}

/** Whoever writes EndpointSlices could lead the server anywhere: only what is a pod's own address counts. */
function isPodOf(objects: ObjectAccess, namespace: string, { targetRef }: Endpoint, ip: string): boolean {
  if (!targetRef || targetRef.namespace !== namespace || !targetRef.name) return false;
  const pod = objects.cached(podKind, targetRef.name, namespace);
  return pod?.status?.podIPs?.some((each) => each.ip === ip) ?? false;
}
