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

/** Reads a Configuration of podtolerationrestriction.admission.k8s.io. */
export function parseTolerationRestriction({ value }: PluginConfiguration): TolerationRestriction {
  const { default: defaults, whitelist } = decodeComponentConfig(value, {
    apiVersion: 'podtolerationrestriction.admission.k8s.io/v1alpha1',
    kind: 'Configuration',
    schema,
  });
  return { defaults: defaults ?? [], allowed: whitelist ?? [] };
}
