import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { Path } from '@coracle/api/meta/field-path';
import { invalidObject } from '@coracle/api/meta/status';
import type { ValidatingWebhookConfiguration } from '@coracle/api/types/admissionregistration/v1';
import type { ResourceHooks } from '../../registry/strategy.ts';

/** Expressions of a webhook configuration are compiled when it is written; the language is loaded where there are any. */
export const webhookConfigurationHooks: ResourceHooks = {
  async beforeCreate(object, { kind }) {
    await checkExpressions(object, kind);
    return undefined;
  },
  async beforeUpdate(object, _old, { kind }) {
    await checkExpressions(object, kind);
    return undefined;
  },
};

async function checkExpressions(object: KubeObject, kind: AnyKind): Promise<void> {
  const { webhooks = [], metadata } = object as ValidatingWebhookConfiguration;
  if (!webhooks.some(({ matchConditions }) => matchConditions?.length)) return;
  const { expressionProblems } = await import('./match-conditions.ts');
  const errors = expressionProblems(webhooks);
  if (errors.length === 0) return;
  throw invalidObject(kind, metadata.name ?? '', [...(kind.validate?.(object, new Path()) ?? []), ...errors]);
}
