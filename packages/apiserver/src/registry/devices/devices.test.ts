import { namespace } from '@coracle/api/core/v1/namespace';
import type { StatusError } from '@coracle/api/meta/status';
import { clusterRole } from '@coracle/api/rbac/v1/clusterrole';
import { clusterRoleBinding } from '@coracle/api/rbac/v1/clusterrolebinding';
import { deviceClass } from '@coracle/api/resource/v1/deviceclass';
import { resourceClaim } from '@coracle/api/resource/v1/resourceclaim';
import { resourceSlice } from '@coracle/api/resource/v1/resourceslice';
import type { ResourceClaim, ResourceSlice } from '@coracle/api/types/resource/v1';
import type { Client } from '@coracle/client/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SecureServer, startSecureServer } from '../../testing/secure-server.ts';

let server: SecureServer;
let admin: Client;
beforeAll(async () => {
  server = await startSecureServer();
  ({ admin } = server);
});
afterAll(() => server.close());

const claimOf = (name: string, exactly: object = {}): ResourceClaim => ({
  metadata: { name, namespace: 'default' },
  spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu', ...exactly } }] } },
});
const selecting = (expression: string) => ({ selectors: [{ cel: { expression } }] });
const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const refusal = (...parts: string[]) => ({
  status: { code: 422, message: expect.stringMatching(new RegExp(parts.map(literally).join('.*'))) },
});

describe('the expression of a selector', () => {
  it.each([
    'device.driver == "gpu.example.com" && device.attributes["gpu.example.com"].model == "a100"',
    'device.capacity["gpu.example.com"].memory.compareTo(quantity("40Gi")) >= 0',
    'device.attributes["gpu.example.com"].version.isGreaterThan(semver("1.0.0"))',
    'device.attributes["gpu.example.com"].model.lowerAscii().matches("^a.*$")',
    'cel.bind(gpu, device.attributes["gpu.example.com"], gpu.isFast && gpu.isBig)',
    'device.attributes["gpu.example.com"].isFast',
  ])('may be %s', async (expression) => {
    const made = await admin.create(resourceClaim, claimOf('fine', selecting(expression)), { dryRun: true });
    expect(made.metadata.uid).toBeDefined();
  });

  it.each([
    ['device.color == "red"', 'Invalid value', "undefined field 'color'"],
    ['device.driver', 'Invalid value', 'must evaluate to bool'],
    ['device.', 'Invalid value', 'Syntax error'],
    ['', 'Invalid value: "": compilation failed: ERROR: <input>:1:1: Syntax error: mismatched input'],
    [
      'device.attributes.all(a, device.attributes.all(b, device.attributes.all(c, device.attributes.all(d, a == d))))',
      'Forbidden: too complex, exceeds cost limit',
    ],
  ])('may not be %s', async (expression, ...problem) => {
    const at = 'spec.devices.requests[0].exactly.selectors[0].cel.expression';
    const claim = admin.create(resourceClaim, claimOf('wrong', selecting(expression)));
    await expect(claim).rejects.toMatchObject(refusal(at, ...problem));
    const ofClass = { metadata: { name: 'wrong' }, spec: selecting(expression) };
    await expect(admin.create(deviceClass, ofClass)).rejects.toMatchObject(
      refusal('spec.selectors[0].cel', ...problem),
    );
  });

  it('is told where it stands among all that is wrong', async () => {
    const claim = claimOf('wrong', {
      ...selecting('device.color'),
      adminAccess: true,
      count: -1,
      deviceClassName: 'A',
    });
    const error = await admin.create(resourceClaim, claim).catch((each: StatusError) => each);
    const at = 'spec.devices.requests[0]';
    expect((error as StatusError).status.details?.causes?.map(({ field }) => field)).toEqual([
      `${at}.adminAccess`,
      `${at}.exactly.deviceClassName`,
      `${at}.exactly.selectors[0].cel.expression`,
      `${at}.exactly.count`,
    ]);
  });
});

it('admin access is for namespaces that are marked for it', async () => {
  const claim = claimOf('admin', { adminAccess: true });
  await expect(admin.create(resourceClaim, claim)).rejects.toMatchObject(
    refusal('spec.devices.requests[0].adminAccess: Forbidden: admin access to devices requires'),
  );
  const labels = { 'resource.kubernetes.io/admin-access': 'true' };
  await admin.create(namespace, { metadata: { name: 'monitoring', labels }, spec: {} });
  claim.metadata.namespace = 'monitoring';
  expect((await admin.create(resourceClaim, claim)).spec).toEqual({
    devices: {
      requests: [
        { name: 'gpu', exactly: { deviceClassName: 'gpu', adminAccess: true, allocationMode: 'ExactCount', count: 1 } },
      ],
    },
  });
});

describe('slices of devices', () => {
  const sliceOf = (name: string, nodeName: string, driver = 'gpu.example.com'): ResourceSlice => ({
    metadata: { name },
    spec: { driver, nodeName, pool: { name: nodeName, generation: 1, resourceSliceCount: 1 } },
  });

  it('are selected by node and driver', async () => {
    for (const slice of [sliceOf('a', 'n7'), sliceOf('b', 'n8'), sliceOf('c', 'n7', 'nic.example.com')]) {
      await admin.create(resourceSlice, slice);
    }
    const names = async (fieldSelector: string) =>
      (await admin.list(resourceSlice, { fieldSelector })).items.map(({ metadata }) => metadata.name);
    expect(await names('spec.nodeName=n7')).toEqual(['a', 'c']);
    expect(await names('spec.driver=gpu.example.com')).toEqual(['a', 'b']);
    const { items } = await admin.list(resourceSlice, { fieldSelector: 'spec.nodeName=n8' });
    expect(items.map(({ metadata }) => metadata.generation)).toEqual([1]);
  });

  it('are written by their own node', async () => {
    const kubelet = await server.as('system:node:n1', 'system:nodes');
    await kubelet.create(resourceSlice, sliceOf('n1-gpus', 'n1'));
    await expect(kubelet.create(resourceSlice, sliceOf('n2-gpus', 'n2'))).rejects.toThrow(
      'can only create ResourceSlice with the same NodeName as the requesting node',
    );
    await expect(kubelet.list(resourceSlice)).rejects.toMatchObject({ status: { code: 403 } });
    const { items } = await kubelet.list(resourceSlice, { fieldSelector: 'spec.nodeName=n1' });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['n1-gpus']);
    await kubelet.delete(resourceSlice, 'n1-gpus');
  });
});

describe('the status of a claim', () => {
  const result = { request: 'gpu', driver: 'gpu.example.com', pool: 'n1', device: 'gpu-0' };

  it('is not for a create to say, and is changed by who may change that part of it', async () => {
    const status = { allocation: { devices: { results: [result] } } };
    const made = await admin.create(resourceClaim, { ...claimOf('shared'), status });
    expect(made.status).toBeUndefined();
    const rules = (subresource: string, ...verbs: string[]) => ({
      apiGroups: ['resource.k8s.io'],
      resources: [`resourceclaims/${subresource}`],
      verbs,
    });
    await admin.create(clusterRole, { metadata: { name: 'driver' }, rules: [rules('status', 'get', 'update')] });
    await admin.create(clusterRoleBinding, {
      metadata: { name: 'driver' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'driver' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'driver' }],
    });
    const driver = await server.as('driver');
    const write = async (client: Client, change: ResourceClaim['status']) => {
      const now = (await admin.get(resourceClaim, 'shared', 'default'))!;
      return client.updateStatus(resourceClaim, { ...now, status: { ...now.status, ...change } });
    };
    await expect(write(driver, status)).rejects.toMatchObject(
      refusal(
        'status: Forbidden: changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="update" permission: resourceclaims.resource.k8s.io is forbidden: User "driver" cannot update resource "resourceclaims/binding" in API group "resource.k8s.io" at the cluster scope',
      ),
    );
    const scheduler = await server.as('system:kube-scheduler');
    await write(scheduler, status);
    const devices = [{ driver: 'gpu.example.com', pool: 'n1', device: 'gpu-0', data: { ready: true } }];
    await expect(write(driver, { devices })).rejects.toMatchObject(
      refusal(
        'status.devices: Forbidden: changing status.devices requires resource="resourceclaims/driver", verb="[arbitrary-node:update]" permission: resourceclaims.resource.k8s.io "gpu.example.com" is forbidden: User "driver" cannot arbitrary-node:update resource "resourceclaims/driver" in API group "resource.k8s.io" in the namespace "default"',
      ),
    );
    const granted = { ...rules('driver', 'arbitrary-node:update'), resourceNames: ['gpu.example.com'] };
    await admin.update(clusterRole, {
      ...(await admin.get(clusterRole, 'driver'))!,
      rules: [rules('status', 'update'), granted],
    });
    expect((await eventually(() => write(driver, { devices }))).status?.devices).toEqual(devices);
    // Who takes back what was allocated takes back what was reported of it too, and need not know of it.
    const now = (await admin.get(resourceClaim, 'shared', 'default'))!;
    const { allocation: _, ...rest } = now.status!;
    expect((await scheduler.updateStatus(resourceClaim, { ...now, status: rest })).status?.devices).toBeUndefined();
  });
});

/** Roles reach the authorizer with the watch. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if ((error as { status?: { code?: number } }).status?.code !== 422) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
