import { findErrors } from '@coracle/api/meta/field-path';
import type { ValidatingWebhookConfiguration } from '@coracle/api/types/admissionregistration/v1';
import type { ResourceHooks } from '../../registry/strategy.ts';

/** Expressions of a webhook configuration are compiled when it is written; the language is loaded where there are any. */
export const webhookConfigurationHooks: ResourceHooks = {
  async errors(object) {
    const { webhooks = [] } = object as ValidatingWebhookConfiguration;
    if (!webhooks.some(({ matchConditions }) => matchConditions?.length)) return [];
    const { expressionProblems } = await import('./match-conditions.ts');
    return findErrors((at) => expressionProblems(webhooks, at.child('webhooks')));
  },
};
