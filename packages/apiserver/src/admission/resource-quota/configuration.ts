import { decodeComponentConfig } from '@coracle/process/component-config';
import { z } from 'zod';
import type { PluginConfiguration } from '../configuration.ts';

const schema = z.strictObject({
  limitedResources: z
    .array(
      z.strictObject({
        apiGroup: z.string().default(''),
        resource: z.string().min(1),
        matchContains: z.array(z.string()).default([]),
        matchScopes: z
          .array(
            z.strictObject({
              scopeName: z.enum([
                'Terminating',
                'NotTerminating',
                'BestEffort',
                'NotBestEffort',
                'PriorityClass',
                'CrossNamespacePodAffinity',
                'VolumeAttributesClass',
              ]),
              operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
              values: z.array(z.string()).default([]),
            }),
          )
          .default([]),
      }),
    )
    .nullish(),
});

/** What may only be used where a quota bounds it: by parts of the names of what is used, and by scopes. */
export type LimitedResource = NonNullable<z.infer<typeof schema>['limitedResources']>[number];

/** Reads a ResourceQuotaConfiguration (apiserver.config.k8s.io/v1). */
export function parseResourceQuotaConfiguration({ value }: PluginConfiguration): readonly LimitedResource[] {
  const { limitedResources } = decodeComponentConfig(value, {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'ResourceQuotaConfiguration',
    schema,
  });
  return limitedResources ?? [];
}
