import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { RestConfig } from '@coracle/client';
import { connect, inClusterConfig, leading, loadKubeconfig } from '@coracle/client';
import { delegatedAccess } from '@coracle/process/access';
import { serveStatus } from '@coracle/process/health';
import { leaderElectionMetrics } from '@coracle/process/metrics';
import { program } from '@coracle/process/program';
import { assembleScheduler } from './assemble.ts';
import { configurationOf } from './config/from-flags.ts';
import { schedulerFlags } from './flags.ts';
import { schedulerMetrics } from './metrics.ts';

const description =
  'The Kubernetes scheduler is a control plane process which assigns Pods to Nodes. It determines which Nodes are valid ' +
  'placements for each Pod in the scheduling queue according to constraints and available resources, ranks each valid Node ' +
  'and binds the Pod to a suitable one.';

await program(
  'kube-scheduler',
  schedulerFlags,
  async ({ flags, changed, log, signal, metrics }) => {
    const configuration = await configurationOf(flags, changed);
    const { kubeconfig, qps, burst } = configuration.clientConnection;
    const rest = restConfig(kubeconfig, flags.master);
    const client = connect({
      ...rest,
      userAgent: 'kube-scheduler',
      ...(qps > 0 ? { qps, burst: burst || undefined } : {}),
    });
    // Elections must not queue behind bindings, or a busy leader would lose its lease.
    const electionClient = connect({ ...rest, userAgent: 'kube-scheduler/leader-election' });

    const scheduler = assembleScheduler({
      client,
      configuration,
      maxInUnschedulable: flags['pod-max-in-unschedulable-pods-duration'],
      metrics: schedulerMetrics(metrics),
      log,
      signal,
    });

    let synced = false;
    if (flags['secure-port'] !== 0) {
      const reviews = flags['authorization-kubeconfig'] || flags['authentication-kubeconfig'];
      const certFile = flags['tls-cert-file'];
      await serveStatus({
        port: flags['secure-port'],
        bindAddress: flags['bind-address'],
        tls: certFile === '' ? undefined : { certFile, keyFile: flags['tls-private-key-file'] },
        readyChecks: {
          'informer-sync': () => {
            if (!synced) throw new Error('informers have not synced yet');
          },
        },
        metrics,
        access: reviews === '' ? undefined : delegatedAccess(connect(loadKubeconfig(reviews)), accessOptions(flags)),
        pages: { '/configz': () => ({ 'kubescheduler.config.k8s.io': configuration }) },
        log,
      });
    }

    await scheduler.synced();
    synced = true;

    const { leaderElect, resourceName, resourceNamespace, ...times } = configuration.leaderElection;
    if (!leaderElect) return scheduler.run(signal);
    const status = leaderElectionMetrics(metrics);
    status.leading(resourceName, false);
    const identity = `${hostname()}_${randomUUID()}`;
    const election = { ...times, name: resourceName, namespace: resourceNamespace, identity, log };
    await leading(electionClient, election, signal, (whileLeading) => {
      status.leading(resourceName, true);
      return scheduler.run(whileLeading);
    });
  },
  { description },
);

function restConfig(kubeconfig: string, master: string): RestConfig {
  const config =
    kubeconfig === '' ? (master === '' ? inClusterConfig() : { server: master }) : loadKubeconfig(kubeconfig);
  return master === '' ? config : { ...config, server: master };
}

function accessOptions(flags: ReturnType<typeof schedulerFlags.parse>['values']) {
  return {
    clientCaFile: flags['client-ca-file'] || undefined,
    tokenTtl: flags['authentication-token-webhook-cache-ttl'],
    allowedTtl: flags['authorization-webhook-cache-authorized-ttl'],
    deniedTtl: flags['authorization-webhook-cache-unauthorized-ttl'],
  };
}
