import { describe, expect, it } from '@jest/globals';
import { makeProfiles } from '../profiles.ts';
import { testHandle } from '../testing/plugins.ts';
import type { PluginsConfiguration } from './configuration.ts';
import { defaultProfile } from './configuration.ts';

const pluginsOf = (plugins: PluginsConfiguration) => {
  const metrics = { point: () => {}, attempted: () => {}, victims: () => {} };
  const profiles = makeProfiles([{ ...defaultProfile(), plugins }], testHandle([]), metrics);
  return profiles.get('default-scheduler')!.listPlugins();
};

describe('the plugins of a profile', () => {
  it('are upstream’s by default', () => {
    expect(pluginsOf({})).toEqual({
      preEnqueue: ['SchedulingGates'],
      queueSort: ['PrioritySort'],
      preFilter: ['NodeAffinity', 'NodePorts', 'PodTopologySpread', 'InterPodAffinity'],
      filter: [
        'NodeUnschedulable',
        'NodeName',
        'TaintToleration',
        'NodeAffinity',
        'NodePorts',
        'NodeResourcesFit',
        'PodTopologySpread',
        'InterPodAffinity',
      ],
      postFilter: ['DefaultPreemption'],
      preScore: [
        'TaintToleration',
        'NodeAffinity',
        'PodTopologySpread',
        'InterPodAffinity',
        'NodeResourcesBalancedAllocation',
      ],
      score: [
        'TaintToleration',
        'NodeAffinity',
        'NodeResourcesFit',
        'PodTopologySpread',
        'InterPodAffinity',
        'NodeResourcesBalancedAllocation',
        'ImageLocality',
      ],
      reserve: [],
      permit: [],
      preBind: [],
      bind: ['DefaultBinder'],
      postBind: [],
    });
  });

  it('can be disabled at one point, at all, and all at once', () => {
    expect(pluginsOf({ score: { disabled: [{ name: 'ImageLocality' }] } }).score).not.toContain('ImageLocality');
    const everywhere = pluginsOf({ multiPoint: { disabled: [{ name: 'InterPodAffinity' }] } });
    expect(Object.values(everywhere).flat()).not.toContain('InterPodAffinity');
    expect(pluginsOf({ score: { disabled: [{ name: '*' }], enabled: [{ name: 'NodeResourcesFit' }] } }).score).toEqual([
      'NodeResourcesFit',
    ]);
  });

  it('come in the order a point itself names them', () => {
    const enabled = [{ name: 'NodeResourcesFit' }, { name: 'NodeName' }];
    expect(pluginsOf({ filter: { enabled } }).filter!.slice(0, 3)).toEqual([
      'NodeResourcesFit',
      'NodeName',
      'NodeUnschedulable',
    ]);
  });

  it.each<[string, PluginsConfiguration, string]>([
    ['unknown', { filter: { enabled: [{ name: 'Nope' }] } }, 'Filter plugin "Nope" does not exist'],
    [
      'of another point',
      { filter: { enabled: [{ name: 'ImageLocality' }] } },
      'plugin "ImageLocality" does not extend Filter plugin',
    ],
    [
      'twice',
      { filter: { enabled: [{ name: 'NodeName' }, { name: 'NodeName' }] } },
      'plugin "NodeName" already registered as "Filter"',
    ],
    ['no sorting', { queueSort: { disabled: [{ name: '*' }] } }, 'no queue sort plugin is enabled'],
    ['no binding', { multiPoint: { disabled: [{ name: 'DefaultBinder' }] } }, 'at least one bind plugin is needed'],
  ])('are refused: %s', (_, plugins, message) => expect(() => pluginsOf(plugins)).toThrow(message));
});
