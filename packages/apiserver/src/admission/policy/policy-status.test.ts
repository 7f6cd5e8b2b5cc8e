import { validatingAdmissionPolicy } from '@coracle/api/admissionregistration/v1/validatingadmissionpolicy';
import { expect, it } from '@jest/globals';
import { MemoryStore } from '../../storage/memory-store.ts';
import type { WriteResult } from '../../storage/store.ts';
import { eventually } from '../../testing/expectations.ts';
import { startApiServer } from '../../testing.ts';

/** A store that is away for the first writes to what is there already. */
class AbsentStore extends MemoryStore {
  refused = 0;

  override async put(key: string, value: Uint8Array, expected: number, ttlSeconds?: number): Promise<WriteResult> {
    if (expected > 0 && key.includes('validatingadmissionpolicies') && this.refused++ < 2) throw new Error('away');
    return super.put(key, value, expected, ttlSeconds);
  }
}

it('is said of a policy once the store is back, although it was away when the policy was looked at', async () => {
  const store = new AbsentStore();
  const server = await startApiServer({ store, log: { warn: () => undefined, error: console.error } });
  try {
    await server.registry.create(validatingAdmissionPolicy, {
      metadata: { name: 'policy' },
      spec: {
        matchConstraints: {
          resourceRules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
        },
        validations: [{ expression: 'object.spec.none == 1' }],
      },
    });
    const policy = () => server.registry.cached(validatingAdmissionPolicy, 'policy');
    await eventually(async () => policy()?.status?.observedGeneration === 1);
    expect(policy()?.status?.typeChecking?.expressionWarnings).toHaveLength(1);
    expect(store.refused).toBe(3);
  } finally {
    await server.close();
    await store.close();
  }
});
