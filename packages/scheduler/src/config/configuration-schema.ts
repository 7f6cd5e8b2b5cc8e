import type { ComponentConfigFormat } from '@coracle/process/component-config';
import { durationField } from '@coracle/process/component-config';
import { z } from 'zod';
import type { ExtensionPoint } from '../framework/plugin.ts';
import { extensionPoints } from '../framework/plugin.ts';
import type { PluginsConfiguration, ProfileConfiguration, SchedulerConfiguration } from './configuration.ts';
import { defaultConfiguration, defaultSchedulerName } from './configuration.ts';
import type { PluginArgs } from './plugin-args.ts';
import { defaultPluginArgs } from './plugin-args.ts';
import { pluginArgsSchemas } from './plugin-args-schema.ts';

const choice = z.strictObject({ name: z.string(), weight: z.number().int().min(0).optional() });
const pluginSet = z.strictObject({ enabled: z.array(choice).optional(), disabled: z.array(choice).optional() });
const points = [...(Object.keys(extensionPoints) as ExtensionPoint[]), 'multiPoint' as const];
const plugins = z.strictObject(Object.fromEntries(points.map((each) => [each, pluginSet.optional()])));

const percentage = z
  .number()
  .int()
  .refine((value) => value >= 0 && value <= 100, 'not in valid range [0-100]');

const pluginConfig = z
  .array(z.strictObject({ name: z.string(), args: z.unknown() }))
  .transform((list, context): PluginArgs => {
    const args = defaultPluginArgs();
    const seen = new Set<string>();
    for (const [i, { name, args: given }] of list.entries()) {
      const refuse = (message: string, path: PropertyKey[] = []) =>
        context.addIssue({ code: 'custom', message, path: [i, ...path] });
      if (seen.has(name)) refuse(`Duplicate value: "${name}"`);
      seen.add(name);
      if (!Object.hasOwn(pluginArgsSchemas, name)) {
        refuse(`plugin "${name}" takes no args`);
        continue;
      }
      const parsed = pluginArgsSchemas[name as keyof PluginArgs].safeParse(given ?? {});
      if (parsed.success) Object.assign(args, { [name]: parsed.data });
      else {
        for (const issue of parsed.error.issues) {
          const path = ['args', ...issue.path];
          if (issue.code === 'unrecognized_keys') {
            context.addIssue({
              code: 'unrecognized_keys',
              keys: issue.keys,
              path: [i, ...path],
              input: given,
            } as never);
          } else refuse(issue.message, path);
        }
      }
    }
    return args;
  });

const profile = z
  .strictObject({
    schedulerName: z.string().min(1).default(defaultSchedulerName),
    percentageOfNodesToScore: percentage.optional(),
    plugins: plugins.default({}),
    pluginConfig: pluginConfig.optional(),
  })
  .transform(
    (it): ProfileConfiguration => ({
      schedulerName: it.schedulerName,
      percentageOfNodesToScore: it.percentageOfNodesToScore,
      plugins: it.plugins as PluginsConfiguration,
      args: it.pluginConfig ?? defaultPluginArgs(),
    }),
  );

const base = defaultConfiguration();

const leaderElection = z
  .strictObject({
    leaderElect: z.boolean().default(true),
    leaseDuration: durationField.default(base.leaderElection.leaseDuration),
    renewDeadline: durationField.default(base.leaderElection.renewDeadline),
    retryPeriod: durationField.default(base.leaderElection.retryPeriod),
    resourceLock: z.literal('leases', { error: 'leaderElection.resourceLock must be "leases"' }).default('leases'),
    resourceName: z.string().min(1).default(base.leaderElection.resourceName),
    resourceNamespace: z.string().min(1).default(base.leaderElection.resourceNamespace),
  })
  .refine((it) => it.leaseDuration > it.renewDeadline, 'LeaseDuration must be greater than RenewDeadline')
  .refine((it) => it.renewDeadline > it.retryPeriod, 'RenewDeadline must be greater than RetryPeriod')
  .transform(({ resourceLock: _, ...rest }) => rest);

const clientConnection = z.strictObject({
  kubeconfig: z.string().default(''),
  acceptContentTypes: z.literal(['', 'application/json'], { error: 'only application/json is supported' }).optional(),
  contentType: z.literal(['', 'application/json'], { error: 'only application/json is supported' }).optional(),
  qps: z.number().min(0).default(0),
  burst: z.number().int().min(0).default(0),
});

const schema = z
  .strictObject({
    leaderElection: leaderElection.default(base.leaderElection as never),
    clientConnection: clientConnection.default(base.clientConnection as never),
    percentageOfNodesToScore: percentage.default(0),
    podInitialBackoffSeconds: z.number().int().min(1, 'must be greater than 0').default(1),
    podMaxBackoffSeconds: z.number().int().min(1).default(10),
    profiles: z
      .array(profile)
      .min(1, 'Required value')
      .default(base.profiles as never),
    // Filters run one after the other here: the number of threads upstream would use changes nothing.
    parallelism: z.number().int().min(1, 'should be an integer value greater than zero').optional(),
    enableProfiling: z.boolean().optional(),
    enableContentionProfiling: z.boolean().optional(),
  })
  .refine((it) => it.podMaxBackoffSeconds >= it.podInitialBackoffSeconds, {
    message: 'must be greater than or equal to PodInitialBackoffSeconds',
    path: ['podMaxBackoffSeconds'],
  })
  .refine(({ profiles }) => new Set(profiles.map((each) => each.schedulerName)).size === profiles.length, {
    message: 'profiles must have different schedulerNames',
    path: ['profiles'],
  })
  .transform(
    (it): SchedulerConfiguration => ({
      leaderElection: it.leaderElection,
      clientConnection: it.clientConnection,
      percentageOfNodesToScore: it.percentageOfNodesToScore,
      podInitialBackoff: it.podInitialBackoffSeconds * 1000,
      podMaxBackoff: it.podMaxBackoffSeconds * 1000,
      profiles: it.profiles,
    }),
  );

/** The format of `kube-scheduler --config`. Fields of upstream's that are not supported here (extenders) are refused by name. */
export const configurationFormat: ComponentConfigFormat<SchedulerConfiguration> = {
  apiVersion: 'kubescheduler.config.k8s.io/v1',
  kind: 'KubeSchedulerConfiguration',
  schema,
};
