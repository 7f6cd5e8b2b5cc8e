import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ownProgram } from './testing/own-program.ts';

const own = ownProgram();
/** Label names by series, as they are scraped after some ordinary requests. */
let scraped: Map<string, string>;

beforeAll(async () => {
  const kubectl = (...args: string[]) =>
    promisify(execFile)('kubectl', [`--kubeconfig=${own.program.kubeconfig}`, ...args]);
  await kubectl('create', 'configmap', 'a', '--from-literal=b=c');
  await kubectl('get', 'configmaps', '-A');
  await kubectl('patch', 'configmap', 'a', '-p', '{"data":{"b":"d"}}');
  await kubectl('delete', 'configmap', 'a');
  await own.program.get('/version', true); // what is not exempt may wait
  scraped = labelsOf((await own.program.get('/metrics')).text);
});

function labelsOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name, labels = ''] of text.matchAll(/^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? /gm)) {
    found.set(name!, [...labels.matchAll(/([a-z_]+)="/g)].map(([, label]) => label).join(' '));
  }
  return found;
}

const request = 'verb group version resource subresource scope component';

/** Upstream's names and labels, of what alerts and dashboards for kube-apiserver look at. */
const table: readonly (readonly [string, string])[] = [
  ['apiserver_request_total', `${request} dry_run code`],
  ['apiserver_request_duration_seconds_bucket', `le ${request} dry_run`],
  ['apiserver_request_sli_duration_seconds_bucket', `le ${request}`],
  ['apiserver_response_sizes_bucket', `le ${request}`],
  ['apiserver_request_body_size_bytes_bucket', 'le group resource verb'],
  ['apiserver_request_filter_duration_seconds_bucket', 'le filter'],
  ['apiserver_current_inflight_requests', 'request_kind'],
  ['apiserver_tls_handshake_errors_total', ''],
  ['field_validation_request_duration_seconds_bucket', 'le field_validation'],
  ['apiserver_flowcontrol_current_executing_requests', 'priority_level flow_schema'],
  ['apiserver_flowcontrol_current_inqueue_requests', 'priority_level flow_schema'],
  ['apiserver_flowcontrol_dispatched_requests_total', 'priority_level flow_schema'],
  ['apiserver_flowcontrol_nominal_limit_seats', 'priority_level'],
  ['apiserver_flowcontrol_read_vs_write_current_requests_bucket', 'le phase request_kind'],
  ['apiserver_flowcontrol_request_wait_duration_seconds_bucket', 'le priority_level flow_schema execute'],
  ['apiserver_admission_controller_admission_duration_seconds_bucket', 'le name type operation rejected'],
  ['apiserver_admission_step_admission_duration_seconds_bucket', 'le type operation rejected'],
  ['authentication_attempts', 'result'],
  ['authentication_duration_seconds_bucket', 'le result'],
  ['authenticated_user_requests', 'username'],
  ['authorization_attempts_total', 'result'],
  ['authorization_duration_seconds_bucket', 'le result'],
  ['apiserver_client_certificate_expiration_seconds_bucket', 'le'],
  ['apiserver_storage_objects', 'resource'],
  ['apiserver_resource_objects', 'group resource'],
  ['apiserver_storage_list_total', 'group resource'],
  ['apiserver_watch_cache_initializations_total', 'group resource'],
  ['apiserver_watch_cache_events_dispatched_total', 'group resource'],
  ['apiserver_cache_list_total', 'group resource index'],
  ['apiserver_storage_size_bytes', 'storage_cluster_id'],
  ['etcd_requests_total', 'operation group resource'],
  ['etcd_request_duration_seconds_bucket', 'le operation group resource'],
  ['kube_apiserver_clusterip_allocator_allocated_ips', 'cidr'],
  [
    'kubernetes_build_info',
    'major minor git_version git_commit git_tree_state build_date go_version compiler platform',
  ],
  ['kubernetes_feature_enabled', 'name stage'],
  ['apiserver_current_inqueue_requests', 'request_kind'],
  ['workqueue_adds_total', 'name'],
  ['workqueue_depth', 'name'],
  ['workqueue_longest_running_processor_seconds', 'name'],
  ['workqueue_queue_duration_seconds_bucket', 'le name'],
  ['workqueue_retries_total', 'name'],
  ['workqueue_unfinished_work_seconds', 'name'],
  ['workqueue_work_duration_seconds_bucket', 'le name'],
  ['process_resident_memory_bytes', ''],
  ['process_cpu_seconds_total', ''],
  ['process_open_fds', ''],
  ['process_virtual_memory_max_bytes', ''],
  ['process_network_receive_bytes_total', ''],
  ['process_network_transmit_bytes_total', ''],
  ['version_info', 'component binary emulation min_compat'],
  ['apiserver_webhooks_x509_missing_san_total', ''],
];

describe('/metrics', () => {
  it.each(table)('%s', (name, labels) => {
    expect(scraped.has(name)).toBe(true);
    expect(new Set(scraped.get(name)!.split(' '))).toEqual(new Set(labels.split(' ')));
  });

  it('has the queues of the server under their names upstream', async () => {
    const { text } = await own.program.get('/metrics');
    const done = new Map(
      [...text.matchAll(/^workqueue_adds_total\{name="([^"]+)"\} (\d+)$/gm)].map((it) => [it[1], it[2]]),
    );
    expect([...done.keys()].sort()).toEqual([
      'RemoteAvailabilityController',
      'autoregister',
      'crd_finalizer',
      'crd_naming_condition_controller',
      'discovery-manager',
      'ipaddresses',
      'services',
      'validatingadmissionpolicy-status',
    ]);
    expect(Number(done.get('autoregister'))).toBeGreaterThan(20);
  });

  it('counts each write once, under what it asked for', async () => {
    const { text } = await own.program.get('/metrics');
    for (const verb of ['POST', 'PATCH', 'DELETE']) {
      const line = text.split('\n').find((each) => {
        const wanted = [`verb="${verb}"`, 'resource="configmaps"', 'code="20'];
        return each.startsWith('apiserver_request_total{') && wanted.every((part) => each.includes(part));
      });
      expect(line).toMatch(/ 1$/);
    }
  });
});
