import type { ValidatingWebhookConfiguration } from '../../generated/admissionregistration/v1.ts';
import { defineKind } from '../../kind.ts';
import { validateWebhooks, webhookConfiguration, webhookDefaults } from './webhooks.ts';

/** Webhooks that are asked whether a request may change what it wants to change. */
export const validatingWebhookConfiguration = defineKind<ValidatingWebhookConfiguration>('admissionregistration/v1', {
  ...webhookConfiguration,
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  defaults(it) {
    for (const webhook of it.webhooks ?? []) webhookDefaults(webhook);
  },
  validate: (it, at) => validateWebhooks(it.webhooks, at.child('webhooks')),
});
