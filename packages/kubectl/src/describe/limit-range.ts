import type { LimitRange } from '@coracle/api/types/core/v1';
import type { Session } from '../session.ts';
import { Description } from './description.ts';
import { namespacedItems } from './namespaced-items.ts';

const titles = 'Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio';
const rule = '----\t--------\t---\t---\t---------------\t-------------\t-----------------------';

export function describeLimitRange(it: LimitRange): Description {
  const out = new Description();
  out.line(0, `Name:\t${it.metadata.name}`);
  out.line(0, `Namespace:\t${it.metadata.namespace}`);
  out.line(0, titles);
  out.line(0, rule);
  for (const row of rows(it)) out.line(0, row);
  return out;
}

/** The part of a namespace's description about its limits; nothing where the server has no such kind. */
export async function describeLimitsOf(out: Description, namespace: string, session: Session): Promise<void> {
  const ranges = await namespacedItems<LimitRange>('limitranges', namespace, session);
  if (!ranges) return;
  out.line(0, '');
  if (ranges.length === 0) {
    out.line(0, 'No LimitRange resource.');
    return;
  }
  out.line(0, 'Resource Limits');
  for (const row of [titles, rule, ...ranges.flatMap(rows)]) out.line(0, ` ${row}`);
}

/** A line for each resource of each type; what is not bounded is a dash. */
function rows({ spec }: LimitRange): string[] {
  return (spec.limits ?? []).flatMap(({ type, min, max, defaultRequest, default: limit, maxLimitRequestRatio }) => {
    const lists = [min, max, defaultRequest, limit, maxLimitRequestRatio];
    const names = new Set(lists.flatMap((list) => Object.keys(list ?? {})));
    return [...names].sort().map((name) => [type, name, ...lists.map((list) => list?.[name] ?? '-')].join('\t'));
  });
}
