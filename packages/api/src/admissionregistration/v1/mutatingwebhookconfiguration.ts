import type { MutatingWebhookConfiguration } from '../../generated/admissionregistration/v1.ts';
import { defineKind } from '../../kind.ts';
import { validateWebhooks, webhookConfiguration, webhookDefaults } from './webhooks.ts';

/** Webhooks that may change what a request wants to write before it is validated. */
export const mutatingWebhookConfiguration = defineKind<MutatingWebhookConfiguration>('admissionregistration/v1', {
  ...webhookConfiguration,
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  defaults(it) {
    for (const webhook of it.webhooks ?? []) {
      webhookDefaults(webhook);
      webhook.reinvocationPolicy ??= 'Never';
    }
  },
  validate: (it, at) => validateWebhooks(it.webhooks, at.child('webhooks')),
});
