import { parseTime } from '@coracle/api/meta/time';
import { containerUses, type StatsSources } from './stats.ts';

/** The answer to /metrics/resource: CPU and memory of node, pods and containers, for autoscalers (Prometheus text). */
export async function resourceMetrics(sources: StatsSources): Promise<string> {
  const { cgroups } = sources;
  const text = new MetricText();
  const [node, uses] = await Promise.all([cgroups.cgroups.usage('/'), containerUses(sources)]);
  if (node) {
    text.add('node_cpu_usage_seconds_total', 'counter', 'CPU time the node has used', {}, node.cpuNanoseconds / 1e9);
    text.add(
      'node_memory_working_set_bytes',
      'gauge',
      'Memory the node uses and that cannot be reclaimed easily',
      {},
      node.workingSetBytes,
    );
  }
  for (const { container, pod, namespace, stats } of uses) {
    const labels = { container, namespace, pod };
    const cpu = stats.cpu?.usageCoreNanoSeconds?.value;
    const memory = stats.memory?.workingSetBytes?.value;
    if (cpu !== undefined) {
      text.add(
        'container_cpu_usage_seconds_total',
        'counter',
        'CPU time the container has used',
        labels,
        Number(cpu) / 1e9,
      );
    }
    if (memory !== undefined) {
      text.add(
        'container_memory_working_set_bytes',
        'gauge',
        'Memory the container uses and that cannot be reclaimed easily',
        labels,
        Number(memory),
      );
    }
  }
  for (const pod of sources.pods()) {
    const labels = { namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name ?? '' };
    for (const { name, state } of pod.status?.containerStatuses ?? []) {
      const started = state?.running?.startedAt;
      if (!started) continue;
      text.add(
        'container_start_time_seconds',
        'gauge',
        'When the container started, in Unix time',
        { container: name, ...labels },
        parseTime(started) / 1000,
      );
    }
    const usage = await cgroups.cgroups.usage(cgroups.pathOf(pod));
    if (!usage) continue;
    text.add('pod_cpu_usage_seconds_total', 'counter', 'CPU time the pod has used', labels, usage.cpuNanoseconds / 1e9);
    text.add(
      'pod_memory_working_set_bytes',
      'gauge',
      'Memory the pod uses and that cannot be reclaimed easily',
      labels,
      usage.workingSetBytes,
    );
  }
  text.add('resource_scrape_error', 'gauge', '1 when the containers could not be measured, else 0', {}, 0);
  return text.toString();
}

/** Collects samples by metric and prints them in Prometheus' text form. */
class MetricText {
  readonly #metrics = new Map<string, string[]>();

  add(name: string, type: string, help: string, labels: Record<string, string>, value: number): void {
    const lines = this.#metrics.get(name) ?? [`# HELP ${name} [STABLE] ${help}`, `# TYPE ${name} ${type}`];
    this.#metrics.set(name, lines);
    const inner = Object.entries(labels).map(([key, text]) => `${key}=${JSON.stringify(text)}`);
    lines.push(`${name}${inner.length > 0 ? `{${inner.join(',')}}` : ''} ${value}`);
  }

  toString(): string {
    return [...this.#metrics.values()].map((lines) => `${lines.join('\n')}\n`).join('');
  }
}
