import type { KubeObject } from '@coracle/api/kind';
import { append } from '@coracle/api/meta/append';
import { messageOf } from '@coracle/api/meta/message-of';
import { clone, deepEqual } from '@coracle/api/meta/object';
import { StatusError } from '@coracle/api/meta/status';
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from '@coracle/api/types/admissionregistration/v1';
import type { Attributes } from '../plugin.ts';
import { refused } from '../refusal.ts';
import { kindMatching } from '../webhook/matching.ts';
import { inputsOf } from './inputs.ts';
import { errorTypeOf } from './metrics.ts';
import { type Mutator, mutatorOf } from './mutator.ts';
import { namespaceOf } from './namespace.ts';
import { ConfigurationError, paramsOf } from './params.ts';
import type { Policy, PolicySurroundings } from './policies.ts';
import { timed } from './timed.ts';

type MutatingPolicy = Policy<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>;

/** What the plugin remembers of its first run over a request. */
export class Invocations {
  /** Policies with reinvocationPolicy IfNeeded (each with its binding and parameter) that have seen all changes so far. */
  readonly current = new Set<string>();
  /** Of these, those that a change came after. */
  readonly outdated = new Set<string>();
  /** The object as the last policy left it. */
  output: KubeObject | undefined;

  changed(): void {
    for (const id of this.current) this.outdated.add(id);
    this.current.clear();
  }
}

/** A policy or binding that failed, where failurePolicy is Fail. */
interface Failure {
  readonly policy: string;
  readonly binding?: string;
  readonly message: string;
}

/** Runs the policies that are about a request, each on the object as the one before left it. Throws the first failure once all have run. */
export async function mutate(
  policies: readonly MutatingPolicy[],
  attributes: Attributes,
  invocations: Invocations,
  around: PolicySurroundings,
): Promise<void> {
  const { reinvocation } = attributes;
  if (reinvocation.running && !deepEqual(invocations.output, attributes.object)) invocations.changed();
  const failures: Failure[] = [];
  for (const policy of policies) {
    const failed = (message: string, binding?: string) => {
      if (policy.object.spec.failurePolicy !== 'Ignore') failures.push({ policy: policy.name, binding, message });
    };
    for (const { binding, params } of await relevantBindings(policy, attributes, around, failed)) {
      const id = JSON.stringify([policy.name, binding, params && (params as KubeObject).metadata]);
      if (reinvocation.running && !invocations.outdated.has(id)) continue;
      let problem: string | undefined;
      const { value: changed, seconds } = await timed(around.metrics, policy.object, mutatorOf, (mutator) =>
        applyOne(mutator, policy, params, attributes, around, (why) => {
          problem ??= why;
          failed(why, binding);
        }),
      );
      around.metrics.mutated(policy.name, binding, errorTypeOf(problem), seconds);
      invocations.outdated.delete(id);
      if (changed) {
        invocations.changed();
        reinvocation.wanted = true;
      }
      if (policy.object.spec.reinvocationPolicy === 'IfNeeded') invocations.current.add(id);
    }
  }
  invocations.output = clone(attributes.object);
  const [first] = failures;
  if (first) throw denied(first, attributes);
}

/** The bindings that are about the request, with each of their parameters. */
async function relevantBindings(
  policy: MutatingPolicy,
  attributes: Attributes,
  around: PolicySurroundings,
  failed: (message: string, binding?: string) => void,
): Promise<{ binding: string; params: object | null }[]> {
  if (!(await kindMatching(policy.criteria, attributes, around.kinds))) return [];
  const found: { binding: string; params: object | null }[] = [];
  for (const { name, criteria, object } of policy.bindings) {
    try {
      if (criteria && !(await kindMatching(criteria, attributes, around.kinds))) continue;
      const all = paramsOf(policy.object.spec.paramKind, object.spec.paramRef, attributes.namespace, around);
      append(
        found,
        all.map((params) => ({ binding: name, params })),
      );
    } catch (error) {
      const why = messageOf(error);
      if (error instanceof ConfigurationError && why.startsWith('failed to find resource')) {
        failed(`failed to configure policy: ${why}`);
        return [];
      }
      failed(`failed to configure binding: ${why}`, name);
    }
  }
  return found;
}

/** Runs a policy's mutations one after the other; answers whether the object is another one then. */
async function applyOne(
  mutator: Mutator,
  policy: MutatingPolicy,
  params: object | null,
  attributes: Attributes,
  around: PolicySurroundings,
  failed: (message: string) => void,
): Promise<boolean> {
  const kind = (await kindMatching(policy.criteria, attributes, around.kinds)) ?? attributes.kind;
  const before = attributes.object;
  const namespace = await namespaceOf(attributes);
  const inputs = await inputsOf(attributes, kind, namespace, around.authorizer);
  const matched = await inputs.answered(() => mutator.matches(inputs, params));
  if ('error' in matched) {
    failed(matched.error);
    return false;
  }
  if (!matched.matches) return false;
  for (const patch of mutator.patches) {
    try {
      const now = await inputsOf(attributes, kind, namespace, around.authorizer);
      const patched = await now.answered(() => patch(now, params, kind));
      if (patched !== now.forms.object) attributes.object = await now.forms.restore(patched, around.kinds());
    } catch (error) {
      if (error instanceof StatusError) throw error;
      failed(messageOf(error));
    }
  }
  return !deepEqual(before, attributes.object);
}

function denied({ policy, binding, message }: Failure, attributes: Attributes): StatusError {
  const by = `policy '${policy}'${binding === undefined ? '' : ` with binding '${binding}'`}`;
  const text = `${by} denied request: ${message}`;
  const { status } = refused(attributes, text);
  const { details } = status;
  return new StatusError({
    code: 422,
    reason: 'Invalid',
    message: status.message ?? text,
    ...(details ? { details: { ...details, causes: [...(details.causes ?? []), { message: text }] } } : {}),
  });
}
