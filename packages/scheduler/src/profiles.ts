import type { ProfileConfiguration } from './config/configuration.ts';
import { pluginSets, usedPlugins } from './config/plugin-sets.ts';
import type { Handle } from './framework/handle.ts';
import type { Plugin } from './framework/plugin.ts';
import type { ObservePoint } from './framework/profile.ts';
import { Profile } from './framework/profile.ts';
import type { PreemptionMetrics } from './plugins/default-preemption.ts';
import type { MakePlugin } from './plugins/registry.ts';
import { registry } from './plugins/registry.ts';
import type { QueueingRules } from './queue/queueing-rules.ts';
import { queueingRules } from './queue/queueing-rules.ts';

export interface ProfileMetrics extends PreemptionMetrics {
  point: ObservePoint;
}

/**
 * Makes the configured profiles, by scheduler name. `handle` is what plugins get, but for what the profile itself provides;
 * `available` are the plugins that configurations may name. Throws, saying which profile, for what cannot be made.
 */
export function makeProfiles(
  configurations: readonly ProfileConfiguration[],
  handle: Omit<Handle, 'whatIf'>,
  metrics: ProfileMetrics,
  available: Readonly<Record<string, MakePlugin>> = registry,
): Map<string, Profile> {
  const profiles = new Map<string, Profile>();
  for (const configuration of configurations) {
    try {
      profiles.set(configuration.schedulerName, makeProfile(configuration, handle, metrics, available));
    } catch (error) {
      const name = configuration.schedulerName;
      throw new Error(
        `initializing profiles: creating profile for scheduler name ${name}: ${(error as Error).message}`,
      );
    }
  }
  const sorts = new Set([...profiles.values()].map((each) => each.listPlugins().queueSort![0]));
  if (sorts.size > 1) throw new Error(`different queue sort plugins for profiles: [${[...sorts].join(' ')}]`);
  return profiles;
}

function makeProfile(
  configuration: ProfileConfiguration,
  handle: Omit<Handle, 'whatIf'>,
  metrics: ProfileMetrics,
  available: Readonly<Record<string, MakePlugin>>,
): Profile {
  // Plugins that try things out call back into the profile they are part of.
  let profile: Profile;
  const whole: Handle = {
    ...handle,
    whatIf: {
      filterWithNominated: (state, pod, node) => profile.filterWithNominated(state, pod, node),
      addPod: (state, pod, other, node) => profile.addPod(state, pod, other, node),
      removePod: (state, pod, other, node) => profile.removePod(state, pod, other, node),
    },
  };
  const made = new Map<string, Plugin>();
  for (const name of usedPlugins(configuration.plugins)) {
    const make = Object.hasOwn(available, name) ? available[name] : undefined;
    if (make) made.set(name, make(configuration.args, whole, metrics));
  }
  const { plugins, weights } = pluginSets(configuration.plugins, made);
  profile = new Profile({
    name: configuration.schedulerName,
    plugins,
    scoreWeights: weights,
    percentageOfNodesToScore: configuration.percentageOfNodesToScore ?? 0,
    nominator: handle.nominator,
    observe: metrics.point,
  });
  return profile;
}

export function rulesOf(
  profiles: ReadonlyMap<string, Profile>,
  onHintError: (plugin: string, error: unknown) => void,
): QueueingRules {
  const rules = new Map(
    [...profiles].map(([name, profile]) => [
      name,
      {
        less: profile.less.bind(profile),
        gate: profile.gate.bind(profile),
        interests: profile.interests,
      },
    ]),
  );
  return queueingRules(rules, onHintError);
}
