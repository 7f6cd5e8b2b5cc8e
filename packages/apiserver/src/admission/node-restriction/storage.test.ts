import { persistentVolume } from '@coracle/api/core/v1/persistentvolume';
import { persistentVolumeClaim } from '@coracle/api/core/v1/persistentvolumeclaim';
import { pod } from '@coracle/api/core/v1/pod';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import { csiDriver } from '@coracle/api/storage/v1/csidriver';
import { csiNode } from '@coracle/api/storage/v1/csinode';
import type { TokenRequest } from '@coracle/api/types/authentication/v1';
import type { PersistentVolumeClaim, PodSpec } from '@coracle/api/types/core/v1';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { alwaysDeny } from '../../chain/authorization/authorizer.ts';
import { type Call, callsTo } from '../../testing/http.ts';
import { startApiServer, type TestServer } from '../../testing.ts';
import { nodeRestriction } from './plugin.ts';

let server: TestServer;
let call: Call;
let granted = '';

beforeAll(async () => {
  server = await startApiServer({
    plugins: [
      nodeRestriction({
        ...alwaysDeny,
        authorize: (asked) =>
          asked.path === undefined &&
          asked.verb === 'request-serviceaccounts-token-audience' &&
          `${asked.resource} in ${asked.namespace} of ${asked.name}` === granted
            ? { decision: 'allow', reason: '' }
            : { decision: 'noOpinion', reason: '' },
      }),
    ],
    links: [
      (context, next) => {
        context.user = { name: 'system:node:n1', uid: '', groups: ['system:nodes', 'system:authenticated'], extra: {} };
        return next();
      },
    ],
    subresources: {
      'serviceaccounts/token': {
        methods: ['POST'],
        body: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
        async handle({ body, admit, respond }) {
          await admit((await body<TokenRequest>('authentication/v1.TokenRequest'))!);
          await respond(201, { kind: 'Status' });
        },
      },
    },
  });
  call = callsTo(server.url);
});
afterAll(() => server.close());

const claimSpec = (volumeName = ''): PersistentVolumeClaim['spec'] => ({
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage: '1Gi' } },
  ...(volumeName ? { volumeName } : {}),
});

describe('a claim in the hands of a node', () => {
  const path = '/api/v1/namespaces/default/persistentvolumeclaims/data';
  const patch = (suffix: string, body: object) =>
    call('PATCH', path + suffix, body, { 'content-type': 'application/merge-patch+json' });

  it('gets another size and other conditions, and nothing else', async () => {
    await server.registry.create(persistentVolumeClaim, {
      metadata: { name: 'data', namespace: 'default' },
      spec: claimSpec(),
    });
    expect((await patch('', { metadata: { labels: { a: 'b' } } })).body.message).toBe(
      'persistentvolumeclaims "data" is forbidden: may only update PVC status',
    );
    const grown = {
      capacity: { storage: '2Gi' },
      conditions: [{ type: 'FileSystemResizePending', status: 'True' }],
      allocatedResourceStatuses: { storage: 'NodeResizePending' },
    };
    expect((await patch('/status', { status: grown })).body.status).toMatchObject(grown);
    const { status, body } = await patch('/status', { status: { phase: 'Bound' } });
    expect(status).toBe(403);
    expect(body.message.split('\n')).toEqual([
      expect.stringMatching(
        /^persistentvolumeclaims "data" is forbidden: node "n1" is not allowed to update fields other than status.quantity and status.conditions: @@ -\d+,7 \+\d+,7 @@$/,
      ),
      '   "VolumeAttributesClassName": null',
      '  },',
      '  "Status": {',
      '-  "Phase": "Pending",',
      '+  "Phase": "Bound",',
      '   "AccessModes": null,',
      '   "Capacity": null,',
      '   "Conditions": null,',
      '',
    ]);
  });
});

describe('the drivers of a node', () => {
  it('are its own to name', async () => {
    const drivers = (name: string) =>
      call('POST', '/apis/storage.k8s.io/v1/csinodes', { metadata: { name }, spec: { drivers: [] } });
    expect((await drivers('n1')).status).toBe(201);
    expect((await drivers('n2')).body.message).toBe(
      'csinodes.storage.k8s.io "n2" is forbidden: can only access CSINode with the same name as the requesting node',
    );
    expect(server.registry.cached(csiNode, 'n2')).toBeUndefined();
  });
});

describe('a token for a driver of volumes', () => {
  it('is for the audiences the drivers of the pod ask for', async () => {
    const { registry } = server;
    const meta = (name: string) => ({ metadata: { name, namespace: 'default' } });
    await registry.create(serviceAccount, meta('robot'));
    for (const name of ['inline', 'bound', 'scratch', 'unused']) {
      const spec = { tokenRequests: [{ audience: `for-${name}` }] };
      await registry.create(csiDriver, { metadata: { name: `${name}.example.com` }, spec });
      await registry.create(persistentVolume, {
        metadata: { name: `pv-${name}` },
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          csi: { driver: `${name}.example.com`, volumeHandle: 'h' },
        },
      });
    }
    await registry.create(persistentVolumeClaim, { ...meta('bound'), spec: claimSpec('pv-bound') });
    await registry.create(persistentVolumeClaim, { ...meta('db-tmp'), spec: claimSpec('pv-scratch') });
    const volumes: PodSpec['volumes'] = [
      { name: 'a', csi: { driver: 'inline.example.com' } },
      { name: 'b', persistentVolumeClaim: { claimName: 'bound' } },
      { name: 'tmp', ephemeral: { volumeClaimTemplate: { spec: claimSpec() } } },
    ];
    const made = await registry.create(pod, {
      ...meta('db'),
      spec: { nodeName: 'n1', serviceAccountName: 'robot', containers: [{ name: 'c', image: 'i' }], volumes },
    });
    await registry.fresh();
    const asking = (...audiences: string[]) =>
      call('POST', '/api/v1/namespaces/default/serviceaccounts/robot/token', {
        spec: { audiences, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'db', uid: made.metadata.uid } },
      });
    for (const name of ['inline', 'bound', 'scratch']) expect((await asking(`for-${name}`)).status).toBe(201);
    const unused = await asking('for-unused');
    expect(unused.body.message).toBe(
      'serviceaccounts "robot" is forbidden: audience "for-unused" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience',
    );
    granted = 'for-unused in default of robot';
    expect((await asking('for-unused')).status).toBe(201);
    granted = '';
    expect((await asking('a', 'b')).body.message).toContain('node may only request 0 or 1 audiences');
  });
});
