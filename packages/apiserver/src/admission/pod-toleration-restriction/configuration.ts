import { validateTolerations } from '@coracle/api/core/v1/affinity-validation';
import { Path } from '@coracle/api/meta/field-path';
import { decodeComponentConfig } from '@coracle/process/component-config';
import { z } from 'zod';
import type { PluginConfiguration } from '../configuration.ts';
import type { TolerationRestriction } from './plugin.ts';

const tolerations = z
  .array(
    z.strictObject({
      key: z.string().optional(),
      operator: z.enum(['Exists', 'Equal', 'Lt', 'Gt', '']).optional(),
      value: z.string().optional(),
      effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute', '']).optional(),
      tolerationSeconds: z.int().optional(),
    }),
  )
  .nullish();
const schema = z.strictObject({ default: tolerations, whitelist: tolerations });

/** Reads a Configuration of podtolerationrestriction.admission.k8s.io. Throws naming what tolerations cannot be. */
export function parseTolerationRestriction({ value }: PluginConfiguration): TolerationRestriction {
  const { default: defaults, whitelist } = decodeComponentConfig(value, {
    apiVersion: 'podtolerationrestriction.admission.k8s.io/v1alpha1',
    kind: 'Configuration',
    schema,
  });
  const at = new Path('podtolerationrestriction');
  const errors = [
    ...validateTolerations(defaults ?? [], at.child('default')),
    ...validateTolerations(whitelist ?? [], at.child('whitelist')),
  ];
  if (errors.length > 0) {
    throw new Error(`invalid config: [${errors.map(({ field, message }) => `${field}: ${message}`).join(' ')}]`);
  }
  return { defaults: defaults ?? [], allowed: whitelist ?? [] };
}
