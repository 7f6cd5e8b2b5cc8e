import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  type Client,
  connect,
  Informers,
  inClusterConfig,
  leading,
  loadKubeconfig,
  type RestConfig,
} from '@coracle/client';
import { delegatedAccess } from '@coracle/process/access';
import { FlagError } from '@coracle/process/flags';
import { serveStatus } from '@coracle/process/health';
import { leaderElectionMetrics, workQueueMetrics } from '@coracle/process/metrics';
import { type ProgramContext, program, UsageError } from '@coracle/process/program';
import { userAgent } from '@coracle/process/version';
import type { Controller } from './controller.ts';
import { allControllers } from './controllers.ts';
import { type ManagerFlags, managerFlags } from './flags.ts';
import { serviceAccountClients } from './identities.ts';
import { selectControllers, startControllers, UnknownController } from './manager.ts';
import { settingsOf } from './settings-from-flags.ts';

const name = 'kube-controller-manager';
const description =
  'The Kubernetes controller manager is a daemon that embeds the core control loops shipped with Kubernetes. A control loop ' +
  'watches the shared state of the cluster through the apiserver and makes changes attempting to move the current state towards the desired state.';

type Context = ProgramContext<typeof managerFlags.flags>;

await program(
  name,
  managerFlags,
  async (context) => {
    const { flags, log, signal, metrics } = context;
    const { settings, controllers } = asked(() => ({
      settings: settingsOf(flags),
      controllers: selectControllers(allControllers(), flags.controllers),
    }));
    const rest = restConfig(flags);
    const client = connect({
      ...rest,
      userAgent: userAgent(name),
      qps: flags['kube-api-qps'],
      burst: flags['kube-api-burst'],
    });
    await serveHealth(context);

    const lead = async (whileLeading: AbortSignal): Promise<void> => {
      const informers = new Informers(client.with({ userAgent: `${userAgent(name)}/shared-informers` }), {
        signal: whileLeading,
        log,
      });
      const identities = flags['use-service-account-credentials']
        ? serviceAccountClients(client, userAgent(name))
        : undefined;
      const clientFor = (controller: Controller): Client =>
        identities && controller.serviceAccount !== ''
          ? identities.clientFor(controller)
          : client.with({ userAgent: `${userAgent(name)}/${controller.name}` });
      const queueMetrics = workQueueMetrics(metrics);
      const { stopped } = await startControllers(controllers, {
        clientFor,
        informers,
        settings,
        signal: whileLeading,
        log,
        queueMetrics,
      });
      await stopped;
      identities?.close();
    };
    if (!flags['leader-elect']) return lead(signal);

    const lease = flags['leader-elect-resource-name'];
    const status = leaderElectionMetrics(metrics);
    status.leading(lease, false);
    // Elections must not queue behind the controllers' requests, or a busy leader would lose its lease.
    const electionClient = connect({ ...rest, userAgent: `${userAgent(name)}/leader-election` });
    await leading(
      electionClient,
      {
        name: lease,
        namespace: flags['leader-elect-resource-namespace'],
        identity: `${hostname()}_${randomUUID()}`,
        leaseDuration: flags['leader-elect-lease-duration'],
        renewDeadline: flags['leader-elect-renew-deadline'],
        retryPeriod: flags['leader-elect-retry-period'],
        log,
      },
      signal,
      (whileLeading) => {
        status.leading(lease, true);
        return lead(whileLeading);
      },
    );
  },
  { description },
);

/** What the command line asks for; its mistakes are the user's. */
function asked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const mistake = error instanceof FlagError || error instanceof UnknownController;
    throw mistake ? new UsageError((error as Error).message) : error;
  }
}

function restConfig(flags: ManagerFlags): RestConfig {
  const { kubeconfig, master } = flags;
  const config =
    kubeconfig === '' ? (master === '' ? inClusterConfig() : { server: master }) : loadKubeconfig(kubeconfig);
  return master === '' ? config : { ...config, server: master };
}

async function serveHealth({ flags, log, metrics }: Context): Promise<void> {
  if (flags['secure-port'] === 0) return;
  const reviews = flags['authentication-kubeconfig'] || flags['authorization-kubeconfig'];
  const certFile = flags['tls-cert-file'];
  await serveStatus({
    port: flags['secure-port'],
    bindAddress: flags['bind-address'],
    tls: certFile === '' ? undefined : { certFile, keyFile: flags['tls-private-key-file'] },
    metrics,
    access:
      reviews === ''
        ? undefined
        : delegatedAccess(connect({ ...loadKubeconfig(reviews), userAgent: userAgent(name) }), accessOptions(flags)),
    log,
  });
}

function accessOptions(flags: ManagerFlags) {
  return {
    clientCaFile: flags['client-ca-file'] || undefined,
    tokenTtl: flags['authentication-token-webhook-cache-ttl'],
    allowedTtl: flags['authorization-webhook-cache-authorized-ttl'],
    deniedTtl: flags['authorization-webhook-cache-unauthorized-ttl'],
  };
}
