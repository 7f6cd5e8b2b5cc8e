import { isConflict } from '@coracle/api/meta/status';
import { EventRecorder } from '@coracle/client/events';
import { Informers } from '@coracle/client/informer';
import { delay } from '@coracle/client/rate-limit';
import { WorkQueue } from '@coracle/client/work-queue';
import type { Controller, ControllerContext } from '../../controller.ts';
import { type Collector, examine, orphanDependents } from './examine.ts';
import { type Node, OwnerGraph } from './graph.ts';
import { discoveryPeriod, WatchedResources } from './resources.ts';

const name = 'garbage-collector-controller';

/** Deletes objects whose owners are gone, and helps owners go that wait for their dependents or leave them behind. */
export const garbageCollectorController: Controller = {
  name,
  aliases: ['garbagecollector'],
  serviceAccount: 'generic-garbage-collector',
  start(context) {
    if (!context.settings.enableGarbageCollector) {
      context.log.info({ controller: name, reason: '--enable-garbage-collector is false' }, 'Skipping controller');
      return undefined;
    }
    return () => collect(context);
  },
};

async function collect({ client, informers, settings, signal, log, queueMetrics }: ControllerContext): Promise<void> {
  const examining = new WorkQueue({
    name: 'garbage_collector_attempt_to_delete',
    metrics: queueMetrics?.('garbage_collector_attempt_to_delete'),
  });
  const orphaning = new WorkQueue({
    name: 'garbage_collector_attempt_to_orphan',
    metrics: queueMetrics?.('garbage_collector_attempt_to_orphan'),
  });
  signal.addEventListener('abort', () => {
    examining.close();
    orphaning.close();
  });
  const graph = new OwnerGraph({
    examine: (node) => examining.add(node.identity.uid),
    orphan: (node) => orphaning.add(node.identity.uid),
  });
  const recorder = new EventRecorder(client, { component: name }, { log });
  const metadata = client.with({ metadataOnly: true });
  const resources = new WatchedResources(client, graph, informers, new Informers(metadata, { signal, log }), log);
  const collector: Collector = {
    client: metadata,
    graph,
    kindOf: (type) => resources.kindOf(type),
    warn: (...event) => recorder.event(event[0], event[1], 'Warning', event[2], event[3]),
    examineLater: (node) => examining.add(node.identity.uid),
  };

  const refresh = async (): Promise<void> => {
    try {
      await resources.refresh();
    } catch (error) {
      if (!signal.aborted) log.error({ controller: name, err: error }, 'Discovery failed, trying again later');
    }
  };
  await refresh();
  const workers = settings.workers.gc ?? 20;
  await Promise.all([
    refreshRegularly(),
    ...Array.from({ length: workers }, () => work(examining, (node) => examine(node, collector))),
    ...Array.from({ length: workers }, () =>
      work(orphaning, (node) => orphanDependents(node, collector).then(() => false)),
    ),
  ]);

  async function refreshRegularly(): Promise<void> {
    while (!signal.aborted) {
      await delay(discoveryPeriod, signal).catch(() => {});
      if (!signal.aborted) await refresh();
    }
  }

  /** Works on nodes of a queue; `again` of the task, or a failure, brings a node back after its back-off. */
  async function work(queue: WorkQueue, task: (node: Node) => Promise<boolean>): Promise<void> {
    for await (const uid of queue.take(signal)) {
      const node = graph.node(uid);
      try {
        if (node && (await task(node))) queue.addRateLimited(uid);
        else queue.forget(uid);
      } catch (error) {
        if (signal.aborted) return;
        log[isConflict(error) ? 'debug' : 'error'](
          { controller: name, object: node?.identity, err: error },
          'Garbage collection failed, trying again later',
        );
        queue.addRateLimited(uid);
      } finally {
        queue.done(uid);
      }
    }
  }
}
