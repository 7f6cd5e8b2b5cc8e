import { event as eventKind } from '@coracle/api/core/v1/event';
import type { Event } from '@coracle/api/types/core/v1';
import type { EventSink } from '@coracle/client/events';
import type { ObjectAccess } from './access.ts';

/** Where the server's own parts write their events. */
export function eventSink(objects: ObjectAccess): EventSink {
  return {
    create: (kind, object) => objects.create(kind, object),
    // A recorder changes the counts of its own events only, by giving the fields' new values.
    patch: (_kind, name, namespace, { body }) =>
      objects.update(eventKind, name, namespace, (current) => ({ ...current, ...(body as Partial<Event>) })) as never,
  };
}
