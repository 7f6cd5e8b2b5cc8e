import { componentConfig, connect, Fence } from '@coracle/client';
import { accessOf, servingOf } from '@coracle/process/component-options';
import { serveStatus } from '@coracle/process/health';
import { whileLeader } from '@coracle/process/leadership';
import { program } from '@coracle/process/program';
import { assembleScheduler } from './assemble.ts';
import { configurationOf } from './config/from-flags.ts';
import { schedulerFlags } from './flags.ts';
import { schedulerMetrics } from './metrics.ts';

const name = 'kube-scheduler';
const description =
  'kube-scheduler chooses a node for every pod that has none: it leaves out the nodes where the pod cannot run, ranks the ' +
  'others and binds the pod to the best one.';

await program(
  name,
  schedulerFlags,
  async ({ flags, changed, log, signal, metrics }) => {
    const configuration = await configurationOf(flags, changed);
    const { kubeconfig, qps, burst } = configuration.clientConnection;
    const connection = componentConfig(kubeconfig, flags.master);
    const fence = new Fence();
    const client = connect({
      ...connection,
      userAgent: name,
      beforeWrite: () => fence.check(),
      ...(qps > 0 ? { qps, burst: burst || undefined } : {}),
    });

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
      await serveStatus({
        ...servingOf(flags),
        readyChecks: {
          'informer-sync': () => {
            if (!synced) throw new Error('informers have not synced yet');
          },
        },
        metrics,
        access: accessOf(flags, name),
        pages: { '/configz': () => ({ 'kubescheduler.config.k8s.io': configuration }) },
        log,
      });
    }

    await scheduler.synced();
    synced = true;

    const settings = configuration.leaderElection;
    await whileLeader({ connection, userAgent: name, settings, fence, metrics, log, signal }, (whileLeading) =>
      scheduler.run(whileLeading),
    );
  },
  { description },
);
