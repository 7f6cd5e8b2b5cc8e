import { counters } from '@coracle/process/series';
import type { Registry } from 'prom-client';

/** Told how logs are asked for, and which connections were translated for kubelets. */
export interface StreamingMetrics {
  /** Whether the kubelet's certificate is not to be checked, as the client asked. */
  logged(insecure: boolean): void;
  /** A log could not be had, as the kubelet's certificate is not trusted. */
  logRefusedByTls(): void;
  /** Of exec and attach. */
  translated(code: number): void;
  /** Of port-forward. */
  tunnelled(code: number): void;
}

/** Counts of what is streamed from kubelets, under upstream's metric names. */
export function streamingMetrics(metrics: Registry): StreamingMetrics {
  const usage = counters(metrics, {
    name: 'kube_apiserver_pod_logs_insecure_backend_total',
    help: "Requests for logs, by whether the kubelet's certificate is checked.",
    labels: ['usage'],
  });
  const refused = counters(metrics, {
    name: 'kube_apiserver_pod_logs_backend_tls_failure_total',
    help: "Requests for logs that failed because the kubelet's certificate is not trusted.",
  }).of({});
  const translated = counters(metrics, {
    name: 'apiserver_stream_translator_requests_total',
    help: 'Connections of exec and attach that were translated for the kubelet.',
    labels: ['code'],
  });
  const tunnelled = counters(metrics, {
    name: 'apiserver_stream_tunnel_requests_total',
    help: 'Connections of port-forward that were tunnelled to the kubelet.',
    labels: ['code'],
  });
  return {
    logged: (insecure) => usage.of({ usage: insecure ? 'skip_tls_allowed' : 'enforce_tls' }).inc(),
    logRefusedByTls: () => refused.inc(),
    translated: (code) => translated.of({ code: String(code) }).inc(),
    tunnelled: (code) => tunnelled.of({ code: String(code) }).inc(),
  };
}
