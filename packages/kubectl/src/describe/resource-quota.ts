import { Quantity } from '@coracle/api/meta/quantity';
import type { ResourceQuota } from '@coracle/api/types/core/v1';
import type { Session } from '../session.ts';
import { Description } from './description.ts';
import { namespacedItems } from './namespaced-items.ts';

/** What a scope means, as upstream explains it. */
const meanings: Readonly<Record<string, string>> = {
  Terminating:
    'Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system.',
  NotTerminating:
    'Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate.',
  BestEffort:
    'Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.',
  NotBestEffort:
    'Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.',
};

export function describeResourceQuota(it: ResourceQuota): Description {
  const out = new Description();
  out.line(0, `Name:\t${it.metadata.name}`);
  out.line(0, `Namespace:\t${it.metadata.namespace}`);
  for (const row of scopeRows(it, ' * ')) out.line(0, row);
  out.line(0, 'Resource\tUsed\tHard');
  out.line(0, '--------\t----\t----');
  for (const [name, used, hard] of amounts(it)) {
    const known = used.format === hard.format ? used : Quantity.fromNumber(used.value(), hard.format);
    out.line(0, `${name}\t${known}\t${hard}`);
  }
  return out;
}

/** The part of a namespace's description about its quotas; nothing where the server has no such kind. */
export async function describeQuotasOf(out: Description, namespace: string, session: Session): Promise<void> {
  const quotas = await namespacedItems<ResourceQuota>('resourcequotas', namespace, session);
  if (!quotas) return;
  out.line(0, '');
  if (quotas.length === 0) {
    out.line(0, 'No resource quota.');
    return;
  }
  out.line(0, 'Resource Quotas');
  for (const it of quotas.sort((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1))) {
    out.line(1, `Name:\t${it.metadata.name}`);
    for (const row of scopeRows(it, '* ')) out.line(1, row);
    out.line(1, 'Resource\tUsed\tHard');
    out.line(1, '--------\t---\t---');
    for (const [name, used, hard] of amounts(it)) out.line(1, `${name}\t${used}\t${hard}`);
  }
}

function scopeRows({ spec }: ResourceQuota, bullet: string): string[] {
  const scopes = [...(spec.scopes ?? [])].sort();
  if (scopes.length === 0) return [];
  const explained = scopes.flatMap((scope) => (meanings[scope] ? [`${bullet}${meanings[scope]}`] : []));
  return [`Scopes:\t${scopes.join(', ')}`, ...explained];
}

/** What is used and bounded of each resource, in order of their names. */
function amounts({ status }: ResourceQuota): [name: string, used: Quantity, hard: Quantity][] {
  const names = Object.keys(status?.hard ?? {}).sort();
  return names.map((name) => [name, Quantity.parse(status?.used?.[name] ?? '0'), Quantity.parse(status!.hard![name]!)]);
}
