import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Chain, Ruleset } from './ruleset.ts';
import { replaceTable, updateTable } from './transaction.ts';

/** A table that understands the commands the scripts use, and refuses what nft would. */
function applyScript(state: Map<string, string[]>, elements: Map<string, Map<string, string>>, script: string): void {
  for (const line of script.split('\n').filter(Boolean)) {
    const [verb, what, , , name = '', ...rest] = line.split(' ');
    if (what === 'table') {
      state.clear();
      elements.clear();
    } else if (what === 'map' || what === 'set') {
      if (verb === 'add') elements.set(name, new Map());
      else elements.delete(name);
    } else if (what === 'chain') {
      if (verb === 'add') state.set(name, []);
      else if (verb === 'flush') state.get(name)!.length = 0;
      else {
        const referred = [...state.values()].flat().some((rule) => rule.includes(`goto ${name}`));
        const mapped = [...elements.values()].some((map) => [...map.values()].includes(`goto ${name}`));
        if (referred || mapped) throw new Error(`chain ${name} is in use`);
        state.delete(name);
      }
    } else if (what === 'rule') {
      const target = rest.join(' ').replace('goto ', '');
      if (!state.has(target)) throw new Error(`rule goes to a chain that is not there: ${target}`);
      state.get(name)!.push(rest.join(' '));
    } else if (what === 'element') {
      const map = elements.get(name)!;
      for (const item of line.slice(line.indexOf('{') + 2, -2).split(', ')) {
        const [key, verdict = ''] = item.split(' : ');
        if (verb === 'delete') {
          if (!map.delete(key!)) throw new Error(`no element ${key}`);
        } else {
          if (map.has(key!)) throw new Error(`element ${key} exists`);
          if (!state.has(verdict.replace('goto ', ''))) throw new Error(`no chain for ${verdict}`);
          map.set(key!, verdict);
        }
      }
    }
  }
}

const chainName = fc.constantFrom('a', 'b', 'c', 'd');
const ruleset: fc.Arbitrary<Ruleset> = fc
  .record({
    chains: fc.uniqueArray(chainName),
    rules: fc.array(fc.tuple(chainName, chainName)),
    elements: fc.array(fc.tuple(fc.constantFrom('1', '2', '3'), chainName)),
    maps: fc.uniqueArray(fc.constantFrom('m', 'n')),
  })
  .map(({ chains, rules, elements, maps }) => {
    const own = new Map<string, Chain>(
      chains.map((name) => [
        name,
        { rules: rules.filter(([from, to]) => from === name && chains.includes(to)).map(([, to]) => `goto ${to}`) },
      ]),
    );
    const verdicts = new Map(
      elements.filter(([, chain]) => chains.includes(chain)).map(([key, chain]) => [key, `goto ${chain}`]),
    );
    return {
      containers: new Map(maps.map((name) => [`map ${name}`, 'type mark : verdict ;'])),
      chains: own,
      elements: new Map(maps.map((name) => [`map ${name}`, verdicts])),
    };
  });

it('an update makes of any table any other, in an order nft takes', () => {
  fc.assert(
    fc.property(ruleset, ruleset, (before, after) => {
      const chains = new Map<string, string[]>();
      const elements = new Map<string, Map<string, string>>();
      applyScript(chains, elements, replaceTable('ip', 't', before));
      applyScript(chains, elements, updateTable('ip', 't', before, after));
      expect(Object.fromEntries(chains)).toEqual(
        Object.fromEntries([...after.chains].map(([name, chain]) => [name, [...chain.rules]])),
      );
      const wanted = [...after.elements].map(([name, map]) => [name.slice(4), Object.fromEntries(map)]);
      expect(Object.fromEntries([...elements].map(([name, map]) => [name, Object.fromEntries(map)]))).toEqual(
        Object.fromEntries(wanted),
      );
    }),
    { numRuns: 500 },
  );
});

it('an update to the same is empty', () => {
  fc.assert(fc.property(ruleset, (same) => expect(updateTable('ip', 't', same, same)).toBe('')));
});
