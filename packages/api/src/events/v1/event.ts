import { event as coreEvent } from '../../core/v1/event.ts';
import { validateNewerEvent, validateSeries } from '../../core/v1/event-validation.ts';
import type { Event as CoreEvent } from '../../generated/core/v1.ts';
import type { Event } from '../../generated/events/v1.ts';
import { defineKind, type KubeObject } from '../../kind.ts';
import { invalid } from '../../meta/field-path.ts';
import { isPathSegmentName } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';

/** What of an event stays as it was told; only that it came again is told later. Names are those of the older form. */
const fixed = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
] as const;

/** The same events as core/v1's, in the newer form. */
export const event = defineKind<Event>('events/v1', {
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  allowCreateOnUpdate: true,
  // Those told in the older form may have such names; only new ones of this form have to be subdomains.
  name: isPathSegmentName,
  storedAs: { kind: () => coreEvent, encode: toCore, decode: fromCore },
  validateCreate: (it, at) => validateNewerEvent(toCore(it) as CoreEvent, at),
  validateUpdate(it, old, at) {
    const [now, before] = [toCore(it) as CoreEvent, toCore(old) as CoreEvent];
    const changed = fixed.filter((field) => !deepEqual(now[field], before[field]));
    return [
      ...(deepEqual(now.series, before.series) ? [] : validateSeries(now, at)),
      ...changed.map((field) => {
        const path = at.child(field === 'reportingComponent' ? 'reportingController' : field);
        return invalid(path, now[field] ?? null, 'field is immutable');
      }),
    ];
  },
  columns: coreEvent.columns!.map((column) => ({
    ...column,
    value: (it, now) => column.value(toCore(it) as CoreEvent, now),
  })),
  selectableFields: Object.fromEntries(
    Object.entries(coreEvent.selectableFields!)
      .filter(([field]) => field !== 'source')
      .map(([field, value]) => [
        field.replace('involvedObject', 'regarding').replace('Component', 'Controller'),
        (it: Event) => value(toCore(it) as CoreEvent),
      ]),
  ),
});

/** Renames the fields of the newer form to the older; the storage form. */
export function toCore(it: Event): KubeObject {
  const {
    regarding,
    note,
    reportingController,
    deprecatedSource,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedCount,
    ...same
  } = it;
  return compact({
    ...same,
    apiVersion: 'v1',
    involvedObject: regarding ?? {},
    message: note,
    reportingComponent: reportingController,
    source: deprecatedSource,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
  });
}

function fromCore(stored: KubeObject): Event {
  const { involvedObject, message, reportingComponent, source, firstTimestamp, lastTimestamp, count, ...same } =
    stored as CoreEvent;
  return compact({
    ...same,
    apiVersion: 'events.k8s.io/v1',
    regarding: involvedObject,
    note: message,
    reportingController: reportingComponent,
    deprecatedSource: source,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedCount: count,
  }) as Event;
}

function compact<T extends object>(it: T): T {
  for (const [key, value] of Object.entries(it)) if (value === undefined) delete (it as Record<string, unknown>)[key];
  return it;
}
