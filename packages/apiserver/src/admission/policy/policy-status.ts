import { validatingAdmissionPolicy } from '@coracle/api/admissionregistration/v1/validatingadmissionpolicy';
import { isNotFound } from '@coracle/api/meta/status';
import { KeyedWork, type Told } from '../../keyed-work.ts';
import type { Follower, Registry } from '../../registry/registry.ts';

/**
 * Keeps `status.typeChecking` of validating policies: warnings of expressions that cannot be right for the kinds a policy is about. Looks at
 * each generation of a policy once, one policy after the other; several servers come to the same.
 */
export class PolicyStatus implements Follower {
  readonly #registry: Registry;
  readonly #work: KeyedWork;
  #unsubscribe = () => {};

  constructor(registry: Registry, told: Told) {
    this.#registry = registry;
    this.#work = new KeyedWork({
      name: 'validatingadmissionpolicy-status',
      workers: 1,
      work: (name) => this.#check(name),
      failed: 'The types of an admission policy could not be checked; trying again',
      told,
    });
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#registry.onChange(validatingAdmissionPolicy, ({ type, object }) => {
      const { name = '', generation } = object.metadata;
      if (type !== 'deleted' && object.status?.observedGeneration !== generation) this.#work.add(name);
    });
    this.#work.start();
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#work.stop();
  }

  async #check(name: string): Promise<void> {
    const { typeWarnings } = await import('./type-check.ts');
    const update = this.#registry.update(
      validatingAdmissionPolicy,
      name,
      undefined,
      (policy) => {
        const { generation } = policy.metadata;
        if (policy.status?.observedGeneration === generation) return undefined;
        const warnings = typeWarnings(policy, this.#registry.scheme);
        const typeChecking = warnings.length > 0 ? { expressionWarnings: warnings } : {};
        return { ...policy, status: { ...policy.status, observedGeneration: generation, typeChecking } };
      },
      { subresource: 'status' },
    );
    await update.catch((error) => {
      if (!isNotFound(error)) throw error;
    });
  }
}
