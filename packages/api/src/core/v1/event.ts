import { named, since, text, wide } from '../../columns.ts';
import type { Event, ObjectReference } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { isPathSegmentName } from '../../meta/names.ts';
import { humanDuration, parseTime } from '../../meta/time.ts';
import { validateEvent } from './event-validation.ts';

/** Something that happened to an object, kept for an hour. */
export const event = defineKind<Event>('core/v1', {
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  allowCreateOnUpdate: true,
  name: isPathSegmentName,
  validate: (it, at) => validateEvent(it, at),
  columns: [
    text('Last Seen', lastSeen, 'Time since it last happened.'),
    text('Type', (it) => it.type, 'Normal or Warning.'),
    text('Reason', (it) => it.reason, 'Why, in one word.'),
    text('Object', (it) => objectOf(it.involvedObject), 'The object it is about.'),
    wide(text('Subobject', (it) => it.involvedObject?.fieldPath, 'Part of the object.')),
    wide(text('Source', sourceOf, 'Who reported it.')),
    text('Message', (it) => it.message?.trim(), 'What happened.'),
    wide(
      text('First Seen', (it, now) => since(it.firstTimestamp ?? it.eventTime, now), 'Time since it first happened.'),
    ),
    wide(text('Count', (it) => String(it.series?.count ?? (it.count || 1)), 'How often it happened.')),
    wide(named(text('Name', (it) => it.metadata.name, 'Name of the event.'))),
  ],
  selectableFields: {
    'involvedObject.kind': (it) => it.involvedObject?.kind ?? '',
    'involvedObject.namespace': (it) => it.involvedObject?.namespace ?? '',
    'involvedObject.name': (it) => it.involvedObject?.name ?? '',
    'involvedObject.uid': (it) => it.involvedObject?.uid ?? '',
    'involvedObject.apiVersion': (it) => it.involvedObject?.apiVersion ?? '',
    'involvedObject.resourceVersion': (it) => it.involvedObject?.resourceVersion ?? '',
    'involvedObject.fieldPath': (it) => it.involvedObject?.fieldPath ?? '',
    reason: (it) => it.reason ?? '',
    reportingComponent: (it) => it.reportingComponent ?? '',
    source: (it) => it.source?.component || it.reportingComponent || '',
    type: (it) => it.type ?? '',
  },
});

function lastSeen(it: Event, now: number): string {
  const first = it.firstTimestamp ?? it.eventTime;
  const last = it.series?.lastObservedTime ?? it.lastTimestamp ?? first;
  const count = it.series?.count ?? it.count ?? 1;
  if (count > 1 && first && last)
    return `${humanDuration(now - parseTime(last))} (x${count} over ${humanDuration(now - parseTime(first))})`;
  return since(last, now);
}

function objectOf(reference: ObjectReference | undefined): string {
  return reference?.name
    ? `${reference.kind?.toLowerCase()}/${reference.name}`
    : (reference?.kind?.toLowerCase() ?? '');
}

function sourceOf(it: Event): string {
  const component = it.source?.component || it.reportingComponent || '';
  const host = it.source?.host || it.reportingInstance || '';
  return host ? `${component}, ${host}` : component;
}
