import { mutatingWebhookConfiguration } from '@coracle/api/admissionregistration/v1/mutatingwebhookconfiguration';
import { decodeJson } from '@coracle/api/codec/json';
import type { KubeObject } from '@coracle/api/kind';
import { clone, deepEqual } from '@coracle/api/meta/object';
import type { AdmissionPlugin, Attributes } from '../plugin.ts';
import type { Forms } from './forms.ts';
import { followHooks, type Hook, type WebhookSurroundings } from './hooks.ts';
import { isExempt, matchedKind } from './matching.ts';
import type { Verdict } from './review.ts';

const name = 'MutatingAdmissionWebhook';

/** What the plugin remembers of its first run over a request. */
interface Memory {
  /** Webhooks with reinvocationPolicy IfNeeded that were called, and have seen all changes so far. */
  readonly called: Set<string>;
  /** Of these, those that a change came after. */
  readonly outdated: Set<string>;
  /** The object as the last webhook left it. */
  output: KubeObject | undefined;
}

/**
 * MutatingAdmissionWebhook: asks the webhooks that are about a request one after the other, each about the object as the one before left
 * it. A change makes all mutating plugins run again, and with them, once, the webhooks that asked for it.
 */
export function mutatingWebhooks(around: WebhookSurroundings): AdmissionPlugin {
  const hooks = followHooks(around.objects, mutatingWebhookConfiguration, 'admit');

  async function callEach(attributes: Attributes, memory: Memory): Promise<void> {
    const { running } = attributes.reinvocation;
    if (running && !deepEqual(memory.output, attributes.object)) markOutdated(memory);
    for (const [i, hook] of hooks().entries()) {
      const kind = await matchedKind(hook, attributes, around);
      // What did not match the first time is not called the second time, though it may match now.
      if (!kind || (running && !memory.outdated.has(hook.id))) continue;
      const place = `round_${running ? 1 : 0}_index_${i}`;
      const { callHook } = await import('./call.ts');
      const { applyPatch } = await import('./patch.ts');
      const use = async (verdict: Verdict, forms: Forms) => {
        const patched = await applyPatch(hook.webhook.name, verdict, forms, around.kinds());
        return patched && { ...patched, verdict };
      };
      let changed = false;
      try {
        const result = await callHook({ hook, kind, attributes, place }, around, use);
        if (result) {
          changed = result.changed;
          attributes.object = result.object;
          annotatePatch(attributes, hook, place, result.verdict.patch);
        }
      } finally {
        annotateMutation(attributes, hook, place, changed);
      }
      memory.outdated.delete(hook.id);
      if (changed) {
        markOutdated(memory);
        attributes.reinvocation.wanted = true;
      }
      if (hook.webhook.reinvocationPolicy === 'IfNeeded') memory.called.add(hook.id);
    }
    memory.output = clone(attributes.object);
  }

  return {
    name,
    asksOthers: true,
    async mutate(attributes) {
      if (hooks().length === 0 || isExempt(attributes)) return;
      const { memory } = attributes.reinvocation;
      let mine = memory.get(name) as Memory | undefined;
      if (!mine) {
        mine = { called: new Set(), outdated: new Set(), output: undefined };
        memory.set(name, mine);
      }
      await callEach(attributes, mine);
    },
  };
}

function markOutdated({ called, outdated }: Memory): void {
  for (const id of called) outdated.add(id);
  called.clear();
}

function annotateMutation({ annotate }: Attributes, hook: Hook, place: string, mutated: boolean): void {
  const { configuration, webhook } = hook;
  const value = JSON.stringify({ configuration, webhook: webhook.name, mutated });
  annotate(`mutation.webhook.admission.k8s.io/${place}`, value);
}

function annotatePatch({ annotate }: Attributes, hook: Hook, place: string, patch: string): void {
  const { configuration, webhook } = hook;
  const value = { configuration, webhook: webhook.name, patch: decodeJson(patch).value, patchType: 'JSONPatch' };
  annotate(`patch.webhook.admission.k8s.io/${place}`, JSON.stringify(value), 'Request');
}
