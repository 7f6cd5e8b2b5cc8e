import { SubjectAlone } from '@coracle/client/server-identity';
import { counters, histograms } from '@coracle/process/series';
import type { Registry } from 'prom-client';

/** A request to another server, once it is over. */
export interface SentRequest {
  /** `hook.default.svc:443`. */
  readonly host: string;
  readonly method: string;
  /** Of the answer; undefined: there was none. */
  readonly code: number | undefined;
  readonly seconds: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** What kept the connection from being made. */
  readonly failure?: unknown;
}

/** Told of each request. */
export type RestObserver = (sent: SentRequest) => void;

const sizes = [64, 256, 512, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];
const seconds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

const made = new WeakMap<Registry, RestObserver>();

/** Counts of the requests to webhooks, under the names of upstream's client (rest_client_*). One for each registry, whoever asks for it. */
export function restClientMetrics(metrics: Registry): RestObserver {
  const known = made.get(metrics);
  if (known) return known;
  const requests = counters(metrics, {
    name: 'rest_client_requests_total',
    help: 'Requests to other servers, by code of the answer, method and host.',
    labels: ['code', 'method', 'host'],
  });
  const ofVerb = (name: string, help: string, buckets: readonly number[]) =>
    histograms(metrics, { name: `rest_client_${name}`, help, labels: ['verb', 'host'], buckets });
  const duration = ofVerb('request_duration_seconds', 'Seconds requests to other servers took.', seconds);
  const sent = ofVerb('request_size_bytes', 'Bytes of the bodies of requests to other servers.', sizes);
  const received = ofVerb('response_size_bytes', 'Bytes of the bodies of the answers of other servers.', sizes);
  const unnamed = counters(metrics, {
    name: 'apiserver_webhooks_x509_missing_san_total',
    help: 'Webhooks that were not asked since their certificates have their names as subjects alone.',
  }).of({});
  const observe: RestObserver = ({ host, method, code, failure, ...of }) => {
    if (failure instanceof SubjectAlone) unnamed.inc();
    const labels = { verb: method, host };
    // Servers choose their codes: beyond this they are one, so that they cannot make series without end.
    requests.of({ code: code === undefined ? '<error>' : String(Math.min(code, 600)), method, host }).inc();
    duration.of(labels).observe(of.seconds);
    sent.of(labels).observe(of.requestBytes);
    if (code !== undefined) received.of(labels).observe(of.responseBytes);
  };
  made.set(metrics, observe);
  return observe;
}
