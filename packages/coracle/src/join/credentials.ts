import type { BootstrapToken } from '@coracle/api/bootstrap/token';
import { configMap } from '@coracle/api/core/v1/configmap';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { secret } from '@coracle/api/core/v1/secret';
import { isForbidden, isNotFound, StatusError } from '@coracle/api/meta/status';
import { version } from '@coracle/api/version';
import { type Client, ConnectionError, connect } from '@coracle/client';
import { z } from 'zod';
import { fail } from '../failure.ts';
import type { ClusterAccess } from './discovery.ts';
import { type NodeSettings, nodeObjects, nodeSettings } from './node-settings.ts';

/** What the overlay of a joined machine shows: to the API, or to etcd. */
export type OverlayCredential = { token: string } | { authority: string; certificate: string; key: string };

/** All that a machine learns from the cluster before anything on it is changed. */
export interface Discovered {
  access: ClusterAccess;
  token: BootstrapToken;
  settings: NodeSettings;
  /** Of kube-proxy's ServiceAccount. */
  proxyToken: string;
  overlay: OverlayCredential;
}

/**
 * Asks a cluster that may be believed for what a node needs, with a token that lets machines join, and whether the name is free. Throws Failure for
 * what the cluster does not have or refuses.
 */
export async function askCluster(access: ClusterAccess, token: BootstrapToken, nodeName: string): Promise<Discovered> {
  const client = connect({
    server: access.server,
    caData: access.authority,
    token: `${token.id}.${token.secret}`,
    userAgent: 'coracle',
  });
  try {
    await refuseTakenName(client, nodeName);
    const settings = await readSettings(client);
    const proxyToken = await accountToken(client, nodeObjects.proxy.token);
    const overlay =
      settings.overlay.subnetSource === 'etcd'
        ? await overlayCertificate(client)
        : { token: await accountToken(client, nodeObjects.overlay.token) };
    return { access, token, settings, proxyToken, overlay };
  } catch (error) {
    if (error instanceof ConnectionError) {
      fail(`couldn't reach the API server at ${access.server}, which cluster-info names: ${error.message}`, {
        next: 'Can this machine reach that address and port?',
        cause: error,
      });
    }
    if (!(error instanceof StatusError)) throw error;
    const next = isForbidden(error)
      ? 'The token may be of other groups: "coracle token create" on a control plane makes one to join with.'
      : undefined;
    return fail(`the API server refuses: ${error.message}`, { cause: error, ...(next ? { next } : {}) });
  } finally {
    client.close();
  }
}

async function refuseTakenName(client: Client, name: string): Promise<void> {
  const there = await client.get(nodeKind, name).catch(absent);
  if (!there) return;
  const ready = there.status?.conditions?.find((it) => it.type === 'Ready')?.status === 'True';
  fail(
    `a Node with name ${JSON.stringify(name)} and status ${JSON.stringify(ready ? 'Ready' : 'NotReady')} already exists in the cluster`,
    { next: 'Delete that Node, or give this machine another name with --name.' },
  );
}

async function readSettings(client: Client): Promise<NodeSettings> {
  const where = `${nodeObjects.namespace}/${nodeObjects.settings}`;
  const found = await client.get(configMap, nodeObjects.settings, nodeObjects.namespace).catch(absent);
  if (!found) fail(`the cluster has no ${where}: machines cannot join it`, { next: "'coracle up' makes it." });
  const settings = parseSettings(found.data?.[nodeObjects.settingsKey] ?? '', where);
  if (settings.version !== version.gitVersion) {
    fail(`the cluster is of version ${settings.version}, and this program of ${version.gitVersion}`, {
      next: "Join with the cluster's version of coracle.",
    });
  }
  return settings;
}

/** The settings in a text. Throws Failure when it is none. */
export function parseSettings(text: string, where: string): NodeSettings {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(`${where} is damaged: ${(error as Error).message}`, { cause: error });
  }
  const parsed = nodeSettings.safeParse(value);
  return parsed.success ? parsed.data : fail(`${where} is not as expected: ${z.prettifyError(parsed.error)}`);
}

async function accountToken(client: Client, name: string): Promise<string> {
  const found = (await dataOf(client, name))?.['token'];
  return (
    found ?? fail(`the Secret ${nodeObjects.namespace}/${name} has no token`, { next: "'coracle up' gives it one." })
  );
}

async function overlayCertificate(client: Client): Promise<OverlayCredential> {
  const data = await dataOf(client, nodeObjects.overlayEtcd);
  const { 'ca.crt': authority, 'tls.crt': certificate, 'tls.key': key } = data ?? {};
  if (!authority || !certificate || !key) {
    return fail(`the Secret ${nodeObjects.namespace}/${nodeObjects.overlayEtcd} does not have what the overlay needs`, {
      next: "'coracle up' makes it.",
    });
  }
  return { authority, certificate, key };
}

async function dataOf(client: Client, name: string): Promise<Record<string, string> | undefined> {
  const found = await client.get(secret, name, nodeObjects.namespace).catch(absent);
  return (
    found &&
    Object.fromEntries(Object.entries(found.data ?? {}).map(([key, it]) => [key, Buffer.from(it, 'base64').toString()]))
  );
}

function absent(error: unknown): undefined {
  if (isNotFound(error)) return undefined;
  throw error;
}
