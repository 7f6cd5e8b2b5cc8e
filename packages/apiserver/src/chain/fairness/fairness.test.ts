import type { IncomingHttpHeaders } from 'node:http';
import { get } from 'node:https';
import { configMap } from '@coracle/api/core/v1/configmap';
import { flowSchema } from '@coracle/api/flowcontrol/v1/flowschema';
import { priorityLevelConfiguration } from '@coracle/api/flowcontrol/v1/prioritylevelconfiguration';
import type { FlowSchema, PriorityLevelConfiguration } from '@coracle/api/types/flowcontrol/v1';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../testing/expectations.ts';
import { type SecureServer, startSecureServer } from '../../testing/secure-server.ts';

let server: SecureServer;

afterEach(() => server.close());

interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  text: string;
}

/** A request of nobody in particular, tried once. */
function ask(path = '/version'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get(`${server.url}${path}`, { ca: server.authority.certificate, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    request.on('error', reject);
  });
}

const level = (nominalConcurrencyShares: number): PriorityLevelConfiguration => ({
  metadata: { name: 'strangers' },
  spec: { type: 'Limited', limited: { nominalConcurrencyShares, limitResponse: { type: 'Reject' } } },
});

const schema: FlowSchema = {
  metadata: { name: 'strangers' },
  spec: {
    priorityLevelConfiguration: { name: 'strangers' },
    rules: [
      {
        subjects: [{ kind: 'Group', group: { name: 'system:unauthenticated' } }],
        nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/version'] }],
      },
    ],
  },
};

describe('a server with priority and fairness', () => {
  beforeEach(async () => {
    server = await startSecureServer('--max-requests-inflight=90', '--max-mutating-requests-inflight=10');
  });

  it('goes by the objects as they change', async () => {
    const { admin } = server;
    const uids = async () => {
      const { headers } = await ask();
      return [headers['x-kubernetes-pf-flowschema-uid'], headers['x-kubernetes-pf-prioritylevel-uid']];
    };
    expect(await uids()).toEqual(['', '']);
    const madeLevel = await admin.create(priorityLevelConfiguration, level(5));
    const madeSchema = await admin.create(flowSchema, schema);
    await eventually(async () => (await uids())[0] === madeSchema.metadata.uid);
    expect((await uids())[1]).toBe(madeLevel.metadata.uid);
    const levels = await admin.request('GET', '/debug/api_priority_and_fairness/dump_priority_levels');
    expect(levels.body.toString()).toMatch(/^strangers, +0, +true, +false, +0, +0, +\d+, +0, +0, +0$/m);
    // Of each level, not of the first alone.
    expect(levels.body.toString()).toMatch(/^exempt, +0, +false, +false, +0, +1, +[1-9]\d*, +0, +0, +0$/m);
    await admin.create(priorityLevelConfiguration, {
      metadata: { name: 'lines' },
      spec: {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: 1,
          limitResponse: { type: 'Queue', queuing: { queues: 2, handSize: 1, queueLengthLimit: 1 } },
        },
      },
    });
    await eventually(async () => {
      const { body } = await admin.request('GET', '/debug/api_priority_and_fairness/dump_queues');
      return body.toString().includes('\nlines, ');
    });
    const queues = await admin.request('GET', '/debug/api_priority_and_fairness/dump_queues');
    expect(queues.body.toString()).toMatch(
      /^PriorityLevelName, Index, +PendingRequests, ExecutingRequests, SeatsInUse, NextDispatchR, +InitialSeatsSum, MaxSeatsSum, TotalWorkSum\n/,
    );
    expect(queues.body.toString()).toMatch(/^lines, +1, +0, +0, +0, +\d+\.\d{8}ss, +0, +0, +0\.00000000ss$/m);
    const page = '/debug/api_priority_and_fairness/dump_requests';
    const [head, ...requests] = (await admin.request('GET', `${page}?includeRequestDetails=1`)).body
      .toString()
      .split('\n');
    expect(head!.split(/, +/)).toEqual(
      [
        'PriorityLevelName FlowSchemaName QueueIndex RequestIndexInQueue FlowDistingsher ArriveTime',
        'InitialSeats FinalSeats AdditionalLatency StartTime UserName Verb APIPath Namespace Name APIVersion Resource SubResource',
      ].flatMap((each) => each.split(' ')),
    );
    const own = requests.find((each) => each.includes(page))!.split(/, */);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(own.slice(0, 10)).toEqual(['exempt', 'exempt', '-1', '-1', '', time, '1', '0', '0s', time]);
    expect(own.slice(11)).toEqual(['get', page, '', '', '', '', '']);
    await admin.delete(flowSchema, 'strangers');
    await eventually(async () => (await uids())[0] === '');
  });

  it('refuses those beyond a limit, and lets administrators on', async () => {
    const { admin } = server;
    await admin.create(priorityLevelConfiguration, level(0));
    await admin.create(flowSchema, schema);
    await eventually(async () => (await ask()).status === 429);
    const refused = await ask();
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.text).toBe('Too many requests, please try again later.\n');
    expect((await admin.list(configMap, { namespace: 'default' })).items).toEqual([]);
    const metrics = (await admin.request('GET', '/metrics')).body.toString();
    expect(metrics).toMatch(
      /\napiserver_flowcontrol_rejected_requests_total\{priority_level="strangers",flow_schema="strangers",reason="concurrency-limit"\} \d/,
    );
  });
});

describe('a server without', () => {
  it('says nothing of schemas', async () => {
    server = await startSecureServer('--enable-priority-and-fairness=false');
    const { status, headers } = await ask();
    expect(status).toBe(200);
    expect(headers['x-kubernetes-pf-flowschema-uid']).toBeUndefined();
    expect((await server.admin.request('GET', '/metrics')).body.toString()).not.toContain('apiserver_flowcontrol');
  });

  it('is refused to be started where there would be no seats', async () => {
    server = await startSecureServer();
    const flags = ['--max-requests-inflight=0', '--max-mutating-requests-inflight=0'];
    await expect(startSecureServer(...flags)).rejects.toThrow('must add up to something positive');
  });
});
