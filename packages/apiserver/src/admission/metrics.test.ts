import { expect, it } from '@jest/globals';
import { callsToOwnServer } from '../testing/own-server.ts';

const call = callsToOwnServer({ plugins: 'default' });

it('times plugins at the operations alone that they are asked about', async () => {
  const path = '/api/v1/namespaces/default/configmaps';
  await call('POST', path, { metadata: { name: 'a' } });
  await call('PUT', `${path}/a`, { metadata: { name: 'a' }, data: { a: 'b' } });
  await call('DELETE', `${path}/a`);
  const { text } = await call('GET', '/metrics');
  const series = text.matchAll(
    /^apiserver_admission_controller_admission_duration_seconds_count\{name="(\w+)",type="(\w+)",operation="(\w+)"/gm,
  );
  const asked = [...series].map(([, name, type, operation]) => `${name} ${type} ${operation}`);
  const of = (name: string) => asked.filter((each) => each.startsWith(`${name} `)).sort();
  expect(of('NamespaceLifecycle')).toEqual(
    ['CREATE', 'DELETE', 'UPDATE'].map((each) => `NamespaceLifecycle admit ${each}`),
  );
  expect(of('LimitRanger')).toEqual(
    ['admit CREATE', 'admit UPDATE', 'validate CREATE', 'validate UPDATE'].map((each) => `LimitRanger ${each}`),
  );
  expect(of('DefaultStorageClass')).toEqual(['DefaultStorageClass admit CREATE']);
  expect(of('PersistentVolumeClaimResize')).toEqual(['PersistentVolumeClaimResize validate UPDATE']);
  expect(of('MutatingAdmissionPolicy')).not.toContain('MutatingAdmissionPolicy admit DELETE');
  expect(of('ValidatingAdmissionWebhook')).toContain('ValidatingAdmissionWebhook validate DELETE');
});
