import { expect, it } from '@jest/globals';
import { event as coreEvent } from '../../core/v1/event.ts';
import type { Event as CoreEvent } from '../../generated/core/v1.ts';
import type { Event } from '../../generated/events/v1.ts';
import { validateCreate, validateUpdate } from '../../validate.ts';
import { event } from './event.ts';

const shown = (errors: { field: string; message: string }[]) => errors.map((each) => `${each.field}: ${each.message}`);
const said: Event = {
  metadata: { name: 'a', namespace: 'default' },
  eventTime: '2026-01-01T00:00:00.000000Z',
  regarding: { namespace: 'default', name: 'p' },
  reportingController: 'c',
  reportingInstance: 'i',
  action: 'a',
  reason: 'r',
  type: 'Normal',
};

it('an event says who, why and when, and nothing in the old way', () => {
  expect(shown(validateCreate(event, said))).toEqual([]);
  const old = { ...said, action: '', type: 'Odd', deprecatedCount: 1, series: { count: 1 } } as unknown as Event;
  expect(shown(validateCreate(event, { ...old, regarding: { namespace: 'other' } }))).toEqual([
    'action: Required value',
    'series.count: Invalid value: "": should be at least 2',
    'series.lastObservedTime: Required value',
    'type: Invalid value: "": has invalid value: Odd',
    'count: Invalid value: "": needs to be unset',
  ]);
});

it('only new events of the newer form have names of subdomains, and only the older form is held to the namespace of what it is about', () => {
  const named = { ...said, metadata: { name: 'A_b', namespace: 'default' } };
  expect(shown(validateCreate(event, named))).toEqual([
    expect.stringMatching(/^metadata.name: Invalid value: "A_b": a lowercase RFC 1123/),
  ]);
  expect(shown(validateCreate(event, { ...named, action: '', type: 'Odd' }))).toEqual([
    'action: Required value',
    expect.stringMatching(/^metadata.name: /),
    'type: Invalid value: "": has invalid value: Odd',
  ]);
  expect(shown(validateUpdate(event, named, named))).toEqual([]);
  const older: CoreEvent = { metadata: named.metadata, involvedObject: { namespace: 'other' } };
  expect(shown(validateCreate(coreEvent, older))).toEqual([
    'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
  ]);
});

it('an event stays as it was told', () => {
  expect(shown(validateUpdate(event, { ...said, reason: 'x' }, said))).toEqual([
    'reason: Invalid value: "x": field is immutable',
  ]);
});
