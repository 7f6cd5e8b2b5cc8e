import { uptime } from 'node:os';
import { type Registry, UsageError } from '@coracle/process';
import { signedServing } from '../certificates/serving.ts';
import { systemClock } from '../clock.ts';
import type { KubeletOptions } from '../kubelet.ts';
import type { NodeSide } from '../node/node-side.ts';
import type { PodDependencies } from '../pods/dependencies.ts';
import type { Pods } from '../pods/pods.ts';
import type { Access } from './access.ts';
import { certificateOfFiles, type ServingCertificate, servingCertificate } from './certificate.ts';
import { routes } from './routes.ts';
import { serveKubelet } from './server.ts';

export interface ServerParts extends KubeletOptions {
  deps: PodDependencies;
  pods: Pods;
  side: NodeSide;
  probeMetrics: Registry;
  access: Access;
  problem(): string | undefined;
}

/** Starts the kubelet's own server; returns what closes it. */
export async function startServer({
  deps,
  pods,
  side,
  probeMetrics,
  access,
  problem,
  ...options
}: ServerParts): Promise<() => void> {
  const { config, nodeName, rootDir } = options;
  return serveKubelet({
    address: config.address,
    port: config.port,
    certificate: await certificateOf(options, side),
    minVersion: config.tlsMinVersion === 'VersionTLS13' ? 'TLSv1.3' : 'TLSv1.2',
    nodeName,
    access,
    log: options.log,
    ...routes({
      config,
      cri: deps.cri,
      pods,
      runtimePods: deps.runtimePods,
      statuses: deps.statuses,
      metrics: options.metrics,
      probeMetrics,
      problem,
      stats: {
        cri: deps.cri,
        cgroups: deps.cgroups,
        nodeName,
        rootDir,
        bootedAt: Date.now() - uptime() * 1000,
        pods: () => pods.list(),
      },
    }),
  });
}

/** The signed certificate of serverTLSBootstrap, or else that of the configured files, or a self-signed one. */
async function certificateOf(options: KubeletOptions, side: NodeSide): Promise<ServingCertificate> {
  const { config, client, nodeName, certDir, log, signal, certificateCounts } = options;
  const configured = { certFile: config.tlsCertFile, keyFile: config.tlsPrivateKeyFile };
  if (!config.serverTLSBootstrap)
    return certificateOfFiles(await servingCertificate(configured, certDir, nodeName, side.ips));
  if (!client) throw new UsageError('serverTLSBootstrap needs an API server to sign the certificate: set --kubeconfig');
  return signedServing({
    client,
    nodeName,
    certDir,
    configured,
    addresses: () => side.node?.status?.addresses,
    counts: certificateCounts.server,
    clock: systemClock,
    log,
    signal,
  });
}
