import type { ExtensionPoint, Plugin } from '../framework/plugin.ts';
import { extensionPoints, methodOf } from '../framework/plugin.ts';
import type { PluginSets } from '../framework/profile.ts';
import type { PluginChoice, PluginsConfiguration } from './configuration.ts';

/** The plugins every profile has unless it disables them, in calling order, with the weights of those that score. */
export const defaultPlugins: readonly PluginChoice[] = [
  { name: 'SchedulingGates' },
  { name: 'PrioritySort' },
  { name: 'NodeUnschedulable' },
  { name: 'NodeName' },
  { name: 'TaintToleration', weight: 3 },
  { name: 'NodeAffinity', weight: 2 },
  { name: 'NodePorts' },
  { name: 'NodeResourcesFit', weight: 1 },
  { name: 'PodTopologySpread', weight: 2 },
  { name: 'InterPodAffinity', weight: 2 },
  { name: 'DefaultPreemption' },
  { name: 'NodeResourcesBalancedAllocation', weight: 1 },
  { name: 'ImageLocality', weight: 1 },
  { name: 'DefaultBinder' },
];

const points = Object.keys(extensionPoints) as ExtensionPoint[];

/** The defaults as a profile's `multiPoint` changes them: defaults first, an enabled one of the same name in its old place. */
function multiPointPlugins(config: PluginsConfiguration['multiPoint'] = {}): PluginChoice[] {
  const disabled = new Set(config.disabled?.map((each) => each.name));
  const enabled = new Map(config.enabled?.map((each) => [each.name, each]));
  const kept: PluginChoice[] = [];
  for (const each of defaultPlugins) {
    if (disabled.has('*') || disabled.has(each.name)) continue;
    const changed = enabled.get(each.name);
    enabled.delete(each.name);
    kept.push(changed ? { name: each.name, weight: changed.weight || each.weight } : each);
  }
  return [...kept, ...enabled.values()];
}

/** The names of all plugins that a profile uses somewhere. Throws when two of one extension point have one name. */
export function usedPlugins(config: PluginsConfiguration): string[] {
  const names = new Set(multiPointPlugins(config.multiPoint).map((each) => each.name));
  for (const point of points) for (const each of config[point]?.enabled ?? []) names.add(each.name);
  return [...names];
}

/**
 * Sorts a profile's plugins into extension points: what a point itself enables comes first where it re-orders multi-point
 * plugins, then multi-point plugins that implement the point and that it does not disable, then what else it enables.
 * Throws, in upstream's words, for unknown plugins, plugins that do not implement the point, and points without a needed plugin.
 */
export function pluginSets(
  config: PluginsConfiguration,
  made: ReadonlyMap<string, Plugin>,
): { plugins: PluginSets; weights: Map<string, number> } {
  const multiPoint = multiPointPlugins(config.multiPoint);
  const weights = new Map<string, number>();
  const plugins = Object.fromEntries(points.map((point) => [point, pluginsOf(point)])) as unknown as PluginSets;

  function pluginsOf(point: ExtensionPoint): Plugin[] {
    const own = config[point] ?? {};
    const disabled = new Set(own.disabled?.map((each) => each.name));
    const shared = multiPoint.filter((each) => implements_(each, point));
    const sharedNames = new Set(shared.map((each) => each.name));
    const seen = new Set<string>();
    const overriding: Plugin[] = [];
    const added: Plugin[] = [];
    for (const each of own.enabled ?? []) {
      if (seen.has(each.name))
        throw new Error(`plugin "${each.name}" already registered as "${extensionPoints[point]}"`);
      seen.add(each.name);
      if (!implements_(each, point))
        throw new Error(`plugin "${each.name}" does not extend ${extensionPoints[point]} plugin`);
      (sharedNames.has(each.name) ? overriding : added).push(made.get(each.name)!);
      if (point === 'score') weigh(each);
    }
    const rest = shared.filter((each) => !seen.has(each.name) && !disabled.has('*') && !disabled.has(each.name));
    if (point === 'score') for (const each of rest) weigh(each);
    return [...overriding, ...rest.map((each) => made.get(each.name)!), ...added];
  }

  function implements_({ name }: PluginChoice, point: ExtensionPoint): boolean {
    const plugin = made.get(name);
    if (!plugin) throw new Error(`${extensionPoints[point]} plugin "${name}" does not exist`);
    if (point === 'reserve') return plugin.reserve !== undefined || plugin.unreserve !== undefined;
    return plugin[methodOf[point]] !== undefined;
  }

  function weigh({ name, weight }: PluginChoice): void {
    if (!weights.has(name)) weights.set(name, weight || 1);
  }

  if (plugins.queueSort.length === 0) throw new Error('no queue sort plugin is enabled');
  if (plugins.queueSort.length > 1) {
    const names = plugins.queueSort.map((each) => each.name).join(' ');
    throw new Error(`only one queue sort plugin can be enabled, got [${names}]`);
  }
  if (plugins.bind.length === 0) throw new Error('at least one bind plugin is needed');
  return { plugins, weights };
}
