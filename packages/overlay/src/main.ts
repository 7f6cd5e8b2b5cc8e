import { isIPv4 } from 'node:net';
import type { Log } from '@coracle/process/log';
import { program, UsageError } from '@coracle/process/program';
import { cleanUp } from './cleanup.ts';
import { ConfigError } from './config/network-config.ts';
import { type OverlayFlags, overlayFlags } from './flags.ts';
import { bindAddress, OverlayHealth, serveHealth } from './health.ts';
import { readLinks } from './host/links.ts';
import { findUplink } from './host/uplink.ts';
import { overlayMetrics } from './metrics.ts';
import { runOverlay } from './overlay.ts';
import { connectEtcd } from './subnets/etcd/connection.ts';
import { EtcdSubnets } from './subnets/etcd/subnets.ts';
import type { SubnetSource } from './subnets/source.ts';

const description =
  'overlay makes the pod network across nodes: each node has a subnet for its pods, and knows the way to those of all others.';

await program(
  'overlay',
  overlayFlags,
  async ({ flags, changed, log, signal, metrics }) => {
    check(flags);
    const files = { cniConfFile: flags['cni-conf-file'], subnetFile: flags['subnet-file'] };
    if (flags.cleanup) {
      await cleanUp(files);
      if (changed.has('etcd-endpoints')) await giveBack(flags, log);
      return;
    }
    const health = new OverlayHealth();
    const at = bindAddress(flags['healthz-bind-address']);
    const server = at && (await serveHealth(health, metrics, at));
    const source = await sourceOf(flags, log);
    try {
      await runOverlay({
        source,
        iface: flags.iface,
        publicIp: flags['public-ip'],
        masquerade: flags['ip-masq'],
        ...files,
        health,
        metrics: overlayMetrics(metrics),
        log,
        signal,
      });
    } catch (error) {
      throw error instanceof ConfigError ? new UsageError(`network configuration: ${error.message}`) : error;
    } finally {
      source.close();
      await server?.close();
    }
  },
  { description },
);

function check(flags: OverlayFlags): void {
  const ip = flags['public-ip'];
  if (ip !== '' && !isIPv4(ip)) throw new UsageError(`--public-ip: ${JSON.stringify(ip)} is no IPv4 address`);
  if (!/^\/\S*[^/]$/.test(flags['etcd-prefix'])) {
    throw new UsageError(
      `--etcd-prefix: ${JSON.stringify(flags['etcd-prefix'])} is no path such as "/atomic.io/network"`,
    );
  }
  if (flags['subnet-lease-ttl'] < 1000) throw new UsageError('--subnet-lease-ttl: must be at least 1s');
  if (flags['subnet-lease-renew-margin'] < 1) throw new UsageError('--subnet-lease-renew-margin: must be at least 1');
  if (flags['cni-conf-file'] === '') throw new UsageError('--cni-conf-file: is required');
}

/** The client library of the source that is not used is never loaded. */
async function sourceOf(flags: OverlayFlags, log: Log): Promise<SubnetSource> {
  if (flags['subnet-source'] === 'etcd') return etcdSource(flags, log);
  const [{ connect }, { componentConfig }, { NodeSubnets }] = await Promise.all([
    import('@coracle/client/client'),
    import('@coracle/client/config'),
    import('./subnets/kubernetes/subnets.ts'),
  ]);
  const client = connect({ ...componentConfig(flags.kubeconfig, ''), userAgent: 'overlay' });
  return new NodeSubnets({ client, nodeName: flags['node-name'], configFile: flags['net-config-path'], log });
}

function etcdSource(flags: OverlayFlags, log: Log): EtcdSubnets {
  const etcd = connectEtcd({
    endpoints: flags['etcd-endpoints'],
    caFile: flags['etcd-cafile'],
    certFile: flags['etcd-certfile'],
    keyFile: flags['etcd-keyfile'],
  });
  return new EtcdSubnets({
    etcd,
    prefix: flags['etcd-prefix'],
    ttl: flags['subnet-lease-ttl'],
    renewMargin: flags['subnet-lease-renew-margin'] * 60_000,
    log,
  });
}

/** Ends the node's lease, so that others forget it at once. */
async function giveBack(flags: OverlayFlags, log: Log): Promise<void> {
  const { publicIp } = await findUplink(await readLinks(), flags.iface, flags['public-ip']);
  const source = etcdSource(flags, log);
  try {
    await source.release(publicIp);
  } finally {
    source.close();
  }
}
