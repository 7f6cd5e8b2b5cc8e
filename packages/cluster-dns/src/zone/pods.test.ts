import { pod as podKind } from '@coracle/api/core/v1/pod';
import { afterEach, describe, expect, it } from '@jest/globals';
import { pod } from '../testing/objects.ts';
import { type TestResponder, testResponder } from '../testing/responder.ts';
import type { PodMode } from './zone.ts';

let dns: TestResponder | undefined;
afterEach(async () => {
  await dns?.close();
  dns = undefined;
});

async function inMode(pods: PodMode): Promise<(name: string) => Promise<string>> {
  const started = await testResponder({ pods });
  dns = started;
  for (const each of [pod('web', '10.1.0.7'), pod('job', '10.1.0.8', 'Succeeded')]) {
    await started.client.create(podKind, each);
    await started.client.updateStatus(podKind, each);
  }
  await started.caughtUp();
  return async (name) => {
    const { rcode, answers } = await started.ask(name, 'A');
    return answers[0] ?? (rcode === 'NOERROR' ? 'NODATA' : rcode);
  };
}

describe('names of pods', () => {
  it('that are verified are those of pods that run, in their own namespace', async () => {
    const at = await inMode('verified');
    expect(await at('10-1-0-7.default.pod.cluster.local')).toBe('10-1-0-7.default.pod.cluster.local A 10.1.0.7');
    expect(await at('10-1-0-7.kube-system.pod.cluster.local')).toBe('NXDOMAIN');
    expect(await at('10-1-0-8.default.pod.cluster.local')).toBe('NXDOMAIN');
    expect(await at('10-1-0-9.default.pod.cluster.local')).toBe('NXDOMAIN');
    await dns!.client.delete(podKind, 'web', 'default', { gracePeriodSeconds: 0 });
    await dns!.caughtUp();
    expect(await at('10-1-0-7.default.pod.cluster.local')).toBe('NXDOMAIN');
  });

  it('are not there at all when they are disabled', async () => {
    const at = await inMode('disabled');
    for (const name of ['10-1-0-7.default.pod', 'default.pod', 'pod'])
      expect(await at(`${name}.cluster.local`)).toBe('NXDOMAIN');
  });
});
