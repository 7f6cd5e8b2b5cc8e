import { describe, expect, it } from '@jest/globals';
import { Nominator } from '../queue/nominator.ts';
import { makeNode, makePod, nodeWith } from '../testing/objects.ts';
import { CycleState } from './cycle-state.ts';
import { NodeStatuses } from './node-statuses.ts';
import type { ExtensionPoint, Plugin } from './plugin.ts';
import { extensionPoints, methodOf } from './plugin.ts';
import { podInfo } from './pod-info.ts';
import type { PluginSets } from './profile.ts';
import { Profile } from './profile.ts';
import { Status } from './status.ts';

/** A profile of the given plugins, each in every extension point it implements. */
function profileOf(...plugins: Plugin[]): Profile {
  const points = Object.keys(extensionPoints) as ExtensionPoint[];
  const sets = Object.fromEntries(points.map((point) => [point, plugins.filter((each) => each[methodOf[point]])]));
  return new Profile({
    name: 'test',
    plugins: sets as unknown as PluginSets,
    scoreWeights: new Map([['Heavy', 3]]),
    percentageOfNodesToScore: 0,
    nominator: new Nominator(),
  });
}

const pod = podInfo(makePod({ name: 'p' }));
const nodes = [nodeWith(makeNode('a')), nodeWith(makeNode('b'))];
const refuse = (plugin: string, code: Status['code'] = 'Unschedulable') =>
  new Status(code, [`no, says ${plugin}`], plugin);

describe('a profile', () => {
  it('narrows the search to what all PreFilters allow', () => {
    const only = (name: string, ...allowed: string[]): Plugin => ({
      name,
      preFilter: () => ({ nodes: new Set(allowed) }),
    });
    const both = profileOf(only('A', 'a', 'b'), only('B', 'b', 'c')).preFilter(new CycleState(), pod, nodes);
    expect([...both.nodes!]).toEqual(['b']);
    const none = profileOf(only('A', 'a'), only('B', 'b')).preFilter(new CycleState(), pod, nodes);
    expect(none.status?.message).toBe("node(s) didn't satisfy plugin(s) [A B] simultaneously");
    expect(profileOf(only('A')).preFilter(new CycleState(), pod, nodes).status?.message).toBe(
      "node(s) didn't satisfy plugin A",
    );
  });

  it('does not filter by plugins that skipped', () => {
    const calls: string[] = [];
    const skipping: Plugin = {
      name: 'S',
      preFilter: () => ({ status: new Status('Skip', [], 'S') }),
      filter: () => {
        calls.push('S');
        return refuse('S');
      },
    };
    const profile = profileOf(skipping);
    const state = new CycleState();
    profile.preFilter(state, pod, nodes);
    expect(profile.filter(state, pod, nodes[0]!)).toBeUndefined();
    expect(calls).toEqual([]);
  });

  it('turns what a plugin throws into an error that names it', () => {
    const broken: Plugin = {
      name: 'B',
      filter: () => {
        throw new Error('oops');
      },
    };
    const verdict = profileOf(broken).filter(new CycleState(), pod, nodes[0]!);
    expect(verdict).toMatchObject({ code: 'Error', message: 'running Filter plugin "B": oops' });
  });

  it('adds scores up by weight, and refuses those out of range', () => {
    const scoring = (name: string, ...scores: number[]): Plugin => ({
      name,
      score: (_state, _pod, node) => scores[nodes.indexOf(node)]!,
    });
    expect(profileOf(scoring('Heavy', 10, 0), scoring('Light', 0, 20)).score(new CycleState(), pod, nodes)).toEqual([
      30, 20,
    ]);
    const wrong = profileOf(scoring('Heavy', 101, 0)).score(new CycleState(), pod, nodes);
    expect((wrong as Status).message).toBe(
      'plugin "Heavy" returns an invalid score 101, it should in the range of [0, 100] after normalizing',
    );
  });

  it('takes reservations back, last first, when one is refused', () => {
    const calls: string[] = [];
    const reserving = (name: string, verdict?: Status): Plugin => ({
      name,
      reserve: () => verdict,
      unreserve: () => void calls.push(name),
    });
    const profile = profileOf(reserving('A'), reserving('B', refuse('B')));
    expect(profile.reserve(new CycleState(), pod, 'a')?.message).toBe('no, says B');
    expect(calls).toEqual(['B', 'A']);
  });

  it('waits for those that ask to wait, unless one refuses', () => {
    const waiting = (name: string, timeout: number): Plugin => ({
      name,
      permit: () => ({ status: new Status('Wait', [], name), timeout }),
    });
    const all = profileOf(waiting('A', 1000), waiting('B', 10 ** 9)).permit(new CycleState(), pod, 'a');
    expect(all).toEqual(
      new Map([
        ['A', 1000],
        ['B', 900_000],
      ]),
    );
    const refused = profileOf(waiting('A', 1000), { name: 'R', permit: () => ({ status: refuse('R') }) });
    expect((refused.permit(new CycleState(), pod, 'a') as Status).message).toBe('no, says R');
    expect(profileOf().permit(new CycleState(), pod, 'a')).toBeUndefined();
  });

  it('binds by the first that does not skip', async () => {
    const binder = (name: string, verdict?: Status): Plugin => ({ name, bind: async () => verdict });
    const skip = new Status('Skip', [], 'A');
    expect(await profileOf(binder('A', skip), binder('B')).bind(new CycleState(), pod, 'a')).toBeUndefined();
    expect((await profileOf(binder('A', skip)).bind(new CycleState(), pod, 'a'))?.code).toBe('Skip');
  });

  it('asks PostFilters in turn until one makes room', async () => {
    const calls: string[] = [];
    const post = (name: string, nominatedNode?: string): Plugin => ({
      name,
      postFilter: async () => {
        calls.push(name);
        return nominatedNode ? { nominatedNode } : { status: refuse(name) };
      },
    });
    const run = (...plugins: Plugin[]) => profileOf(...plugins).postFilter(new CycleState(), pod, new NodeStatuses());
    expect(await run(post('A'), post('B', 'n'), post('C'))).toEqual({ nominatedNode: 'n' });
    expect(calls).toEqual(['A', 'B']);
    expect((await run(post('A'), post('B'))).status?.message).toBe('no, says A, no, says B');
  });
});
