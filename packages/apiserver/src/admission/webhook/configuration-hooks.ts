import type { ValidatingWebhookConfiguration } from '@coracle/api/types/admissionregistration/v1';
import type { ResourceHooks } from '../../registry/strategy.ts';

/** Expressions of a webhook configuration are compiled when it is written; the language is loaded where there are any. */
export const webhookConfigurationHooks: ResourceHooks = {
  async errors(object) {
    const { webhooks = [] } = object as ValidatingWebhookConfiguration;
    if (!webhooks.some(({ matchConditions }) => matchConditions?.length)) return [];
    return (await import('./match-conditions.ts')).expressionProblems(webhooks);
  },
};
