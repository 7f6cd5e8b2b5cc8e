import { validatingWebhookConfiguration } from '@coracle/api/admissionregistration/v1/validatingwebhookconfiguration';
import type { AdmissionPlugin } from '../plugin.ts';
import { followHooks, type WebhookSurroundings } from './hooks.ts';
import { isExempt, matchedKind } from './matching.ts';

/**
 * ValidatingAdmissionWebhook: asks all webhooks that are about a request at once; each can refuse it
 * (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/).
 */
export function validatingWebhooks(around: WebhookSurroundings): AdmissionPlugin {
  const hooks = followHooks(around.objects, validatingWebhookConfiguration, 'validating');
  return {
    name: 'ValidatingAdmissionWebhook',
    asksOthers: true,
    async validate(attributes) {
      if (hooks().length === 0 || isExempt(attributes)) return;
      const relevant = [];
      for (const hook of hooks()) {
        const kind = await matchedKind(hook, attributes, around);
        if (kind) relevant.push({ hook, kind });
      }
      if (relevant.length === 0) return;
      const { callHook, refuseLate } = await import('./call.ts');
      refuseLate(attributes);
      const answers = await Promise.allSettled(
        relevant.map(({ hook, kind }, i) =>
          callHook({ hook, kind, attributes, place: `round_0_index_${i}` }, around, () => undefined),
        ),
      );
      for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
    },
  };
}
