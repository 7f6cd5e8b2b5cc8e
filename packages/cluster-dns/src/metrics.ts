import { Counter, Gauge, Histogram, type Registry } from '@coracle/process/metrics';
import type { Answered, Transport } from './server/responder.ts';
import type { AnswerCache } from './upstream/cache.ts';
import type { ForwarderMetrics } from './upstream/forwarder.ts';
import { rcodeName, typeName } from './wire/codes.ts';

export interface ServerMetrics {
  /** One question that was answered, `bytes` long, after so many seconds. */
  answered(answer: Answered, transport: Transport, family: 1 | 2, bytes: number, seconds: number): void;
}

const sizes = [0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16_000, 32_000, 48_000, 64_000];
const durations = Array.from({ length: 16 }, (_, i) => 0.00025 * 2 ** i);

/** What the server counts of questions and answers, by CoreDNS's names. `server` and `domain` go into the labels. */
export function serverMetrics(registry: Registry, server: string, domain: string): ServerMetrics {
  const registers = [registry];
  const base = ['server', 'zone', 'view'] as const;
  const requests = new Counter({
    name: 'coredns_dns_requests_total',
    help: 'Questions so far.',
    labelNames: [...base, 'proto', 'family', 'type'],
    registers,
  });
  const responses = new Counter({
    name: 'coredns_dns_responses_total',
    help: 'Answers so far, by response code and by the part that gave them.',
    labelNames: [...base, 'rcode', 'plugin'],
    registers,
  });
  const duration = new Histogram({
    name: 'coredns_dns_request_duration_seconds',
    help: 'Time from a question to its answer.',
    labelNames: [...base],
    buckets: durations,
    registers,
  });
  const requestSize = new Histogram({
    name: 'coredns_dns_request_size_bytes',
    help: 'Size of questions.',
    labelNames: [...base, 'proto'],
    buckets: sizes,
    registers,
  });
  const responseSize = new Histogram({
    name: 'coredns_dns_response_size_bytes',
    help: 'Size of answers.',
    labelNames: [...base, 'proto'],
    buckets: sizes,
    registers,
  });
  /** The series of one kind of question, looked up once: there are few kinds and many questions. */
  const known = new Map<string, { count(bytes: number, answer: Buffer, seconds: number): void }>();
  const seriesOf = (answer: Answered, proto: Transport, family: 1 | 2, rcode: number) => {
    const labels = { server, zone: answer.source === 'kubernetes' ? `${domain}.` : '.', view: '' };
    const type = typeName(answer.type);
    const request = requests.labels({ ...labels, proto, family: String(family), type });
    const response = responses.labels({ ...labels, rcode: rcodeName(rcode), plugin: answer.source });
    const time = duration.labels(labels);
    const asked = requestSize.labels({ ...labels, proto });
    const told = responseSize.labels({ ...labels, proto });
    return {
      count(bytes: number, message: Buffer, seconds: number) {
        request.inc();
        response.inc();
        time.observe(seconds);
        asked.observe(bytes);
        told.observe(message.length);
      },
    };
  };
  return {
    answered(answer, transport, family, bytes, seconds) {
      const rcode = answer.message.readUInt16BE(2) & 0xf;
      const key = `${answer.source} ${transport} ${family} ${typeName(answer.type)} ${rcode}`;
      let series = known.get(key);
      if (!series) {
        series = seriesOf(answer, transport, family, rcode);
        known.set(key, series);
      }
      series.count(bytes, answer.message, seconds);
    },
  };
}

export interface UpstreamMetrics extends ForwarderMetrics {
  checkFailed(server: string): void;
}

/** What is counted of questions that go upstream and of the answers that are remembered, by CoreDNS's names. */
export function upstreamMetrics(registry: Registry, server: string, cache: AnswerCache): UpstreamMetrics {
  const registers = [registry];
  const where = { server, zones: '.', view: '' };
  const hits = new Counter({
    name: 'coredns_cache_hits_total',
    help: 'Questions answered from what was remembered.',
    labelNames: ['server', 'type', 'zones', 'view'],
    registers,
  });
  const misses = new Counter({
    name: 'coredns_cache_misses_total',
    help: 'Questions that nothing was remembered for.',
    labelNames: ['server', 'zones', 'view'],
    registers,
  });
  new Gauge({
    name: 'coredns_cache_entries',
    help: 'Answers that are remembered.',
    labelNames: ['server', 'zones', 'view'],
    registers,
    collect() {
      this.set(where, cache.size);
    },
  });
  const duration = new Histogram({
    name: 'coredns_proxy_request_duration_seconds',
    help: 'Time from a question to the answer of a server upstream.',
    labelNames: ['proxy_name', 'to', 'rcode'],
    buckets: durations,
    registers,
  });
  const checks = new Counter({
    name: 'coredns_proxy_healthcheck_failures_total',
    help: 'Failed checks of servers upstream that were down.',
    labelNames: ['proxy_name', 'to'],
    registers,
  });
  const rejects = new Counter({
    name: 'coredns_forward_max_concurrent_rejects_total',
    help: 'Questions refused since too many waited for upstream.',
    registers,
  });
  const broken = new Counter({
    name: 'coredns_forward_healthcheck_broken_total',
    help: 'Questions for which every server upstream was down, so that one was asked all the same.',
    registers,
  });
  return {
    exchanged: (to, rcode, seconds) =>
      duration.observe({ proxy_name: 'forward', to, rcode: rcodeName(rcode) }, seconds),
    cacheHit: (denial) => hits.inc({ ...where, type: denial ? 'denial' : 'success' }),
    cacheMissed: () => misses.inc(where),
    rejected: () => rejects.inc(),
    allDown: () => broken.inc(),
    checkFailed: (to) => checks.inc({ proxy_name: 'forward', to }),
  };
}
