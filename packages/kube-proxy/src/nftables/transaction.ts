import type { Chain, Ruleset } from './ruleset.ts';

const empty: Ruleset = { containers: new Map(), chains: new Map(), elements: new Map() };

/**
 * The nft script that makes the table, whatever it held before, contain exactly the ruleset. It is one transaction: packets meet the
 * old table or the new one, never none.
 */
export function replaceTable(family: string, table: string, ruleset: Ruleset): string {
  const lines = [`add table ${family} ${table}`, `delete table ${family} ${table}`, `add table ${family} ${table}`];
  return script([...lines, ...changes(family, table, empty, ruleset)]);
}

/** The nft script that turns one content of the table into another, touching only what differs; empty when nothing does. */
export function updateTable(family: string, table: string, before: Ruleset, after: Ruleset): string {
  return script(changes(family, table, before, after));
}

function script(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** In an order that never refers to what is not there yet, or not there any more. */
function changes(family: string, table: string, before: Ruleset, after: Ruleset): string[] {
  const at = `${family} ${table}`;
  const lines: string[] = [];
  for (const [name, declaration] of after.containers) {
    if (before.containers.get(name) !== declaration) lines.push(`add ${declared(name, at)} { ${declaration} }`);
  }
  const changed = [...after.chains].filter(([name, chain]) => !sameChain(before.chains.get(name), chain));
  for (const [name, chain] of changed) {
    if (!before.chains.has(name)) lines.push(`add chain ${at} ${name}${chain.hook ? ` { ${chain.hook} ; }` : ''}`);
    else lines.push(`flush chain ${at} ${name}`);
  }
  for (const [name, chain] of changed) {
    for (const rule of chain.rules) lines.push(`add rule ${at} ${name} ${rule}`);
  }
  for (const [container, elements] of after.elements) {
    const old = before.elements.get(container);
    const name = bare(container);
    const gone = old ? [...old].filter(([key, verdict]) => elements.get(key) !== verdict).map(([key]) => key) : [];
    if (gone.length > 0) lines.push(`delete element ${at} ${name} { ${gone.join(', ')} }`);
    const fresh = [...elements].filter(([key, verdict]) => old?.get(key) !== verdict);
    if (fresh.length > 0) lines.push(`add element ${at} ${name} { ${fresh.map(element).join(', ')} }`);
  }
  const stale = [...before.chains.keys()].filter((name) => !after.chains.has(name));
  for (const name of stale) lines.push(`flush chain ${at} ${name}`);
  for (const name of before.containers.keys()) {
    if (!after.containers.has(name)) lines.push(`delete ${declared(name, at)}`);
  }
  for (const name of stale) lines.push(`delete chain ${at} ${name}`);
  return lines;
}

function sameChain(a: Chain | undefined, b: Chain): boolean {
  if (!a || a.rules.length !== b.rules.length) return false;
  return a.rules === b.rules || a.rules.every((rule, i) => rule === b.rules[i]);
}

function element([key, verdict]: [string, string]): string {
  return verdict === '' ? key : `${key} : ${verdict}`;
}

/** `map service-ips` -> `map ip kube-proxy service-ips` */
function declared(name: string, at: string): string {
  const [kind, own] = name.split(' ');
  return `${kind} ${at} ${own}`;
}

function bare(container: string): string {
  return container.split(' ')[1]!;
}
