import { decodeJson } from '@coracle/api/codec/json';
import { StatusError } from '@coracle/api/meta/status';
import type { Status } from '@coracle/api/types/meta/v1';
import type { AnyObject } from '../resources/resource.ts';
import type { Rest, RestOptions } from './rest.ts';

export interface WatchEvent {
  readonly type: string;
  readonly object: AnyObject;
}

/** The events of a watch until the server or the signal ends it. Throws StatusError for an ERROR event. */
export async function* watch(rest: Rest, path: string, options: RestOptions): AsyncIterable<WatchEvent> {
  const body = await rest.stream(path, { ...options, query: { ...options.query, watch: true } });
  try {
    let pending = '';
    body.setEncoding('utf8');
    for await (const chunk of body) {
      pending += chunk as string;
      const lines = pending.split('\n');
      pending = lines.pop()!;
      for (const line of lines) {
        if (line === '') continue;
        const event = decodeJson(line).value as WatchEvent;
        if (event.type === 'ERROR') throw new StatusError(event.object as unknown as Status);
        yield event;
      }
    }
  } catch (error) {
    if (!options.signal?.aborted) throw error;
  } finally {
    body.destroy();
  }
}
