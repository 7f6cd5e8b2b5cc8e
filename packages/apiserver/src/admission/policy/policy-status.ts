import { validatingAdmissionPolicy } from '@coracle/api/admissionregistration/v1/validatingadmissionpolicy';
import { isNotFound } from '@coracle/api/meta/status';
import type { Follower, Registry } from '../../registry/registry.ts';

interface StatusLog {
  warn(details: object, message: string): void;
}

/**
 * Keeps `status.typeChecking` of validating policies: warnings of expressions that cannot be right for the kinds a policy is about. Looks at
 * each generation of a policy once, one policy after the other; several servers come to the same.
 */
export class PolicyStatus implements Follower {
  readonly #registry: Registry;
  readonly #log: StatusLog;
  readonly #waiting = new Set<string>();
  #worker: Promise<void> | undefined;
  #stopped = false;
  #unsubscribe = () => {};

  constructor(registry: Registry, log: StatusLog) {
    this.#registry = registry;
    this.#log = log;
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#registry.onChange(validatingAdmissionPolicy, ({ type, object }) => {
      const { name = '', generation } = object.metadata;
      if (type === 'deleted' || this.#stopped || object.status?.observedGeneration === generation) return;
      this.#waiting.add(name);
      this.#worker ??= this.#work();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    await this.#worker;
  }

  async #work(): Promise<void> {
    for (const name of this.#waiting) {
      this.#waiting.delete(name);
      if (this.#stopped) break;
      try {
        await this.#check(name);
      } catch (error) {
        // The policy is in force all the same; its next change is looked at again.
        if (!isNotFound(error) && !this.#stopped) {
          this.#log.warn({ err: error, policy: name }, 'Failed checking the types of an admission policy');
        }
      }
    }
    this.#worker = undefined;
  }

  async #check(name: string): Promise<void> {
    const { typeWarnings } = await import('./type-check.ts');
    await this.#registry.update(
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
  }
}
