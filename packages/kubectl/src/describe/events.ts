import { humanDuration } from '@coracle/api/meta/time';
import type { Event } from '@coracle/api/types/core/v1';
import type { AnyObject } from '../resources/resource.ts';
import type { Session } from '../session.ts';
import type { Description } from './description.ts';

/** The events about an object. */
export async function eventsOf(
  session: Session,
  object: AnyObject,
  chunkSize: number,
  uid = object.metadata.uid ?? '',
): Promise<Event[]> {
  const { name = '', namespace = '' } = object.metadata;
  const fieldSelector = [
    `involvedObject.name=${name}`,
    `involvedObject.namespace=${namespace}`,
    ...(object.kind ? [`involvedObject.kind=${object.kind}`] : []),
    ...(uid === '' ? [] : [`involvedObject.uid=${uid}`]),
  ].join(',');
  const path = namespace === '' ? '/api/v1/events' : `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
  const events: Event[] = [];
  let next: string | undefined;
  do {
    const list = await session.rest.json<{ items: Event[] | null; metadata: { continue?: string } }>('GET', path, {
      query: { fieldSelector, limit: chunkSize || undefined, continue: next },
    });
    events.push(...(list.items ?? []));
    next = list.metadata.continue || undefined;
  } while (next);
  return events;
}

export const since = (timestamp: string | undefined | null, now = Date.now()): string =>
  timestamp ? humanDuration(now - Date.parse(timestamp)) : '<unknown>';

export function describeEvents(out: Description, events: readonly Event[]): void {
  if (events.length === 0) {
    out.line(0, 'Events:\t<none>');
    return;
  }
  out.endBlock();
  out.line(0, 'Events:');
  out.line(1, 'Type\tReason\tAge\tFrom\tMessage');
  out.line(1, '----\t------\t----\t----\t-------');
  const timeOf = (event: Event): number => Date.parse(event.lastTimestamp ?? '1970-01-01T00:00:00Z');
  for (const event of [...events].sort((a, b) => timeOf(a) - timeOf(b))) {
    const source = event.source?.component || event.reportingComponent || '';
    out.line(
      1,
      `${event.type ?? ''}\t${event.reason ?? ''}\t${intervalOf(event)}\t${source}\t${(event.message ?? '').trim()}`,
    );
  }
}

export function intervalOf(event: Event): string {
  const first = since(event.eventTime || event.firstTimestamp);
  if (event.series) return `${since(event.series.lastObservedTime)} (x${event.series.count ?? 0} over ${first})`;
  if ((event.count ?? 0) > 1) return `${since(event.lastTimestamp)} (x${event.count} over ${first})`;
  return first;
}
