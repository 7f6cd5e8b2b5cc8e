import { userAgent } from '@coracle/api/version';
import { type Client, componentConfig, connect, Fence, Informers } from '@coracle/client';
import { accessOf, electionOf, servingOf } from '@coracle/process/component-options';
import { FlagError } from '@coracle/process/flags';
import { serveStatus } from '@coracle/process/health';
import { whileLeader } from '@coracle/process/leadership';
import { type ProgramContext, program, UsageError } from '@coracle/process/program';
import { workQueueMetrics } from '@coracle/process/work-queue-metrics';
import type { Controller } from './controller.ts';
import { allControllers } from './controllers.ts';
import { managerFlags } from './flags.ts';
import { serviceAccountClients } from './identities.ts';
import { selectControllers, startControllers, UnknownController } from './manager.ts';
import { settingsOf } from './settings-from-flags.ts';

const name = 'kube-controller-manager';
const description =
  'kube-controller-manager runs the controllers of the control plane: each compares what is asked for with what is there, ' +
  'and acts until the two agree.';

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
    const connection = componentConfig(flags.kubeconfig, flags.master);
    const fence = new Fence();
    const client = connect({
      ...connection,
      userAgent: userAgent(name),
      beforeWrite: () => fence.check(),
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
    const election = {
      connection,
      userAgent: userAgent(name),
      settings: electionOf(flags),
      fence,
      metrics,
      log,
      signal,
    };
    await whileLeader(election, lead);
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

async function serveHealth({ flags, log, metrics }: Context): Promise<void> {
  if (flags['secure-port'] === 0) return;
  await serveStatus({ ...servingOf(flags), metrics, access: accessOf(flags, userAgent(name)), log });
}
