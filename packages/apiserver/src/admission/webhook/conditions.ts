import type { AnyKind } from '@coracle/api/kind';
import type { Authorizer } from '../../chain/authorization/authorizer.ts';
import type { Attributes } from '../plugin.ts';
import { refused } from '../refusal.ts';
import type { Hook } from './hooks.ts';

/** Conditions of a webhook, compiled once for each revision of its configuration. */
type Conditions = ReturnType<typeof import('../policy/compiled.ts').compileConditions>;
const compiled = new WeakMap<Hook, Conditions>();

/**
 * Whether a webhook's matchConditions hold for a request. Where that cannot be told, failurePolicy decides: Ignore leaves the webhook out, Fail
 * refuses the request (throws).
 */
export async function meetsConditions(
  hook: Hook,
  kind: AnyKind,
  attributes: Attributes,
  authorizer: Authorizer,
): Promise<boolean> {
  const { matchConditions, failurePolicy } = hook.webhook;
  if (!matchConditions?.length) return true;
  const [{ compileConditions }, { conditionsHold }, { inputsOf }] = await Promise.all([
    import('../policy/compiled.ts'),
    import('../policy/conditions.ts'),
    import('../policy/inputs.ts'),
  ]);
  const conditions = compiled.get(hook) ?? compileConditions(matchConditions, false, false);
  compiled.set(hook, conditions);
  const inputs = await inputsOf(attributes, kind, undefined, authorizer);
  const { holds, error } = await inputs.answered(() => conditionsHold(conditions, inputs));
  if (error !== undefined && failurePolicy !== 'Ignore') throw refused(attributes, error);
  return holds;
}
