import { event as coreEvent } from '../../core/v1/event.ts';
import type { Event as CoreEvent } from '../../generated/core/v1.ts';
import type { Event } from '../../generated/events/v1.ts';
import { defineKind, type KubeObject } from '../../kind.ts';
import { type FieldError, required } from '../../meta/field-path.ts';

/** The same events as core/v1's, in the newer form. */
export const event = defineKind<Event>('events/v1', {
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  allowCreateOnUpdate: true,
  storedAs: { kind: () => coreEvent, encode: toCore, decode: fromCore },
  validate(it, at) {
    const errors: FieldError[] = [];
    if (!it.eventTime) errors.push(required(at.child('eventTime')));
    for (const field of ['reportingController', 'reportingInstance', 'action', 'reason'] as const) {
      if (!it[field] && it.eventTime) errors.push(required(at.child(field)));
    }
    return errors;
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
