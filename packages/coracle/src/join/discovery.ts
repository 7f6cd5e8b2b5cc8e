import { setTimeout as sleep } from 'node:timers/promises';
import { clusterInfo, clusterInfoKubeconfigKey, isSignedBy, signatureKey } from '@coracle/api/bootstrap/cluster-info';
import type { BootstrapToken } from '@coracle/api/bootstrap/token';
import { configMap } from '@coracle/api/core/v1/configmap';
import { StatusError } from '@coracle/api/meta/status';
import type { ConfigMap } from '@coracle/api/types/core/v1';
import { ConnectionError, connect, type RestConfig } from '@coracle/client';
import { type Kubeconfig, parseKubeconfig } from '@coracle/client/kubeconfig';
import { Failure, fail } from '../failure.ts';
import { checkedPins, requirePinned } from './pin.ts';

/** Where a cluster's API is and which authority (PEM) its certificates are of. */
export interface ClusterAccess {
  server: string;
  authority: string;
}

export interface DiscoveryWishes {
  /** `https://10.0.0.1:6443` */
  server: string;
  token: BootstrapToken;
  /** `sha256:…`, of the public keys of authorities to believe; at least one. */
  pins: readonly string[];
  /** How long to wait for a server that starts, and for the signature of a token just made; ms. */
  patience?: number;
  signal?: AbortSignal;
}

const defaultPatience = 15_000;
const between = 500;

/**
 * Finds out how to reach a cluster, trusting nothing but the token and the pins: reads kube-public/cluster-info from whoever answers,
 * checks its signature by the token and its authority by the pins, then reads it again over a connection of that authority
 * (https://kubernetes.io/docs/reference/setup-tools/kubeadm/kubeadm-join/#token-based-discovery-with-ca-pinning). Throws Failure that
 * tells what to do.
 */
export async function discover(wishes: DiscoveryWishes): Promise<ClusterAccess> {
  const { token, signal } = wishes;
  const server = checkedServer(wishes.server);
  const pins = checkedPins(wishes.pins);
  const end = performance.now() + (wishes.patience ?? defaultPatience);
  const first = await patiently(end, signal, () => signedInfo({ server, insecureSkipTlsVerify: true }, token, signal));
  const access = accessIn(first, server);
  requirePinned(access.authority, pins);
  const again = await patiently(end, signal, () => signedInfo({ server, caData: access.authority }, token, signal));
  if (again !== first) {
    fail(
      'the second kubeconfig from the cluster-info ConfigMap (using secured connection) is different from the first',
      {
        next: 'Somebody between here and the cluster changes what it says, or it was being changed: try again.',
      },
    );
  }
  return access;
}

function checkedServer(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' && url.pathname === '/' && url.search === '' && url.username === '') return url.origin;
  return fail(`--server ${JSON.stringify(text)} is no address of an API server`, {
    next: 'It looks like https://10.0.0.1:6443.',
  });
}

/** Something that may be right in a moment: it is tried again as long as there is patience. */
class NotYet extends Failure {
  override name = 'NotYet';
}

async function patiently<T>(end: number, signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof NotYet) || performance.now() >= end) throw error;
    }
    await sleep(between, undefined, { signal });
  }
}

/** The kubeconfig in cluster-info, whose signature by the token is right. */
async function signedInfo(config: RestConfig, token: BootstrapToken, signal: AbortSignal | undefined): Promise<string> {
  const { data = {} } = await readInfo(config, signal);
  const content = data[clusterInfoKubeconfigKey];
  if (content === undefined)
    throw new NotYet(`there is no ${clusterInfoKubeconfigKey} key in the cluster-info ConfigMap`, setUp);
  const key = signatureKey(token.id);
  if (!Object.hasOwn(data, key)) {
    throw new NotYet(`token id ${JSON.stringify(token.id)} is invalid for this cluster or it has expired`, {
      next: 'Use "coracle token create" on a control plane to create a new valid token.',
    });
  }
  if (isSignedBy(data[key]!, content, token)) return content;
  return fail("failed to verify JWS signature of received cluster info object, can't trust this API Server", {
    next: 'Either the token is mistyped after its dot, or what answers is not the cluster it was made for.',
  });
}

const setUp = { next: '"coracle up" of this version makes it; is the address that of a cluster nodes can join?' };

async function readInfo(config: RestConfig, signal: AbortSignal | undefined): Promise<ConfigMap> {
  const client = connect({ ...config, userAgent: 'coracle' });
  try {
    return await client.get(configMap, clusterInfo.name, clusterInfo.namespace, { signal });
  } catch (error) {
    if (error instanceof StatusError) {
      const why = `cannot read cluster-info from ${config.server}: ${error.message}`;
      throw new NotYet(why, { ...setUp, cause: error });
    }
    if (!(error instanceof ConnectionError)) throw error;
    if (config.caData && error.message.includes('x509'))
      fail(`${config.server} does not belong to the authority that cluster-info names: ${error.message}`, {
        next: 'Give --server the address that is in the server certificate: the one "coracle token create --print-join-command" prints.',
        cause: error,
      });
    throw new NotYet(`couldn't reach the API server at ${config.server}: ${error.message}`, {
      next: 'Is the control plane up, and can this machine reach its address and port?',
      cause: error,
    });
  } finally {
    client.close();
  }
}

/** Server and authority in a kubeconfig that may be believed. */
function accessIn(text: string, from: string): ClusterAccess {
  const config = readable(text, from);
  const [cluster, ...others] = config.clusters ?? [];
  if (!cluster || others.length > 0) {
    return fail(
      `expected one cluster in the kubeconfig of cluster-info at ${from}, not ${config.clusters?.length ?? 0}`,
    );
  }
  const { server, 'certificate-authority-data': encoded } = cluster.cluster;
  if (!server || !encoded) return fail(`the kubeconfig of cluster-info at ${from} names no server, or no authority`);
  return { server, authority: Buffer.from(encoded, 'base64').toString('utf8') };
}

function readable(text: string, from: string): Kubeconfig {
  try {
    return parseKubeconfig(text, 'cluster-info');
  } catch (error) {
    return fail(`the kubeconfig of cluster-info at ${from} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
