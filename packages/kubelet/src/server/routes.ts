import type { ServerResponse } from 'node:http';
import type { Pod, PodStatus } from '@coracle/api/types/core/v1';
import type { Registry } from '@coracle/process';
import { configText } from '../config/configz.ts';
import type { KubeletConfiguration } from '../config/kubelet-configuration.ts';
import type { CriClient } from '../cri/client.ts';
import type { Pods } from '../pods/pods.ts';
import type { RuntimePods } from '../pods/runtime-pod.ts';
import type { StatusManager } from '../status/status-manager.ts';
import { containerForLogs, logOptions, sendLogs } from './container-logs.ts';
import { HttpError } from './errors.ts';
import { serveFile } from './files.ts';
import { resourceMetrics } from './resource-metrics.ts';
import type { Handler, UpgradeHandler } from './server.ts';
import { CpuRates, type StatsSources, statsSummary } from './stats.ts';
import { proxyUpgrade, streamUrl } from './streaming.ts';

export interface RouteSources {
  config: KubeletConfiguration;
  cri: CriClient;
  pods: Pods;
  runtimePods: RuntimePods;
  statuses: StatusManager;
  stats: StatsSources;
  metrics: Registry;
  probeMetrics: Registry;
  /** Undefined while the kubelet is well. */
  problem(): string | undefined;
}

/** What the kubelet serves, by the first part of the path. */
export function routes(sources: RouteSources): {
  handlers: Record<string, Handler>;
  upgrades: Record<string, UpgradeHandler>;
} {
  const { pods, statuses, cri } = sources;
  const rates = new CpuRates();
  const withStatus = (pod: Pod): Pod => ({ ...pod, status: statuses.get(pod.metadata.uid ?? '') ?? pod.status });
  const podList = (list: readonly Pod[]) => ({
    kind: 'PodList',
    apiVersion: 'v1',
    metadata: {},
    items: list.map(withStatus),
  });
  const find = (namespace = '', name = '', uid?: string): Pod => {
    const pod = pods.find(namespace, name);
    if (!pod || (uid !== undefined && pod.metadata.uid !== uid)) throw new HttpError(404, 'pod does not exist');
    return pod;
  };

  const handlers: Record<string, Handler> = {
    healthz: async (_, response) => {
      const problem = sources.problem();
      if (problem) throw new HttpError(500, `[-]syncloop failed: ${problem}\nhealthz check failed`);
      text(response, 'ok');
    },
    pods: async (_, response) => json(response, podList(pods.list())),
    runningpods: async (_, response) => json(response, podList(pods.active())),
    configz: async (_, response) => json(response, { kubeletconfig: configText(sources.config) }),
    metrics: async (_, response, [which]) => {
      if (which === undefined) return text(response, await sources.metrics.metrics(), sources.metrics.contentType);
      if (which === 'probes')
        return text(response, await sources.probeMetrics.metrics(), sources.probeMetrics.contentType);
      if (which === 'resource')
        return text(response, await resourceMetrics(sources.stats), sources.metrics.contentType);
      throw new HttpError(404, '404 page not found');
    },
    stats: async (_, response, [which]) => {
      if (which !== 'summary') throw new HttpError(404, '404 page not found');
      json(response, await statsSummary(sources.stats, rates));
    },
    logs: async (_, response, path) => {
      if (!sources.config.enableSystemLogHandler) throw new HttpError(405, 'logs endpoint is disabled.');
      await serveFile('/var/log', path, response);
    },
    containerLogs: async (_, response, [namespace = '', name = '', container = ''], query) => {
      const pod = pods.find(namespace, name);
      if (!pod) throw new HttpError(404, `pod "${name}" does not exist`);
      const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? []), ...(pod.spec.ephemeralContainers ?? [])];
      if (!all.some((each) => each.name === container)) {
        throw new HttpError(404, `container "${container}" not found in pod "${name}"`);
      }
      const { previous, ...options } = logOptions(query);
      const status: PodStatus = statuses.get(pod.metadata.uid ?? '') ?? pod.status ?? {};
      await sendLogs(cri, containerForLogs(pod, status, container, previous), options, response);
    },
  };

  const stream =
    (verb: 'exec' | 'attach' | 'portForward'): UpgradeHandler =>
    async (request, client, head, path, query) => {
      const [namespace, name] = path;
      const rest = path.slice(2).filter((each) => each !== '');
      // exec and attach: /<namespace>/<pod>[/<uid>]/<container>; portForward: /<namespace>/<pod>[/<uid>]
      const container = verb === 'portForward' ? '' : (rest.pop() ?? '');
      const pod = find(namespace, name, rest[0]);
      const actual = await sources.runtimePods.get(pod.metadata.uid ?? '', name ?? '', namespace ?? '');
      const target = await streamUrl(cri, { verb, pod, actual, container, query });
      proxyUpgrade(request, client, head, target, sources.config.streamingConnectionIdleTimeout);
    };
  const { enableDebuggingHandlers } = sources.config;
  const upgrades: Record<string, UpgradeHandler> = {};
  if (enableDebuggingHandlers) {
    for (const verb of ['exec', 'attach', 'portForward'] as const) upgrades[verb] = stream(verb);
  } else {
    delete handlers['containerLogs'];
    delete handlers['runningpods'];
  }
  return { handlers, upgrades };
}

function text(response: ServerResponse, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}

function json(response: ServerResponse, value: unknown): void {
  text(response, JSON.stringify(value), 'application/json');
}
