import { encodeJson } from '@coracle/api/codec/json';
import type { AuditEvent } from '../event.ts';
import type { Lost, Sink } from './buffered.ts';

/** `--audit-…-truncate-…`: bytes of an event, and of the events handed on at once. */
export interface TruncationOptions {
  readonly maxEventSize: number;
  readonly maxBatchSize: number;
}

/** Takes the objects out of events that are too large, drops those that still are, and splits what would be too much at once. */
export function truncated(sink: Sink, { maxEventSize, maxBatchSize }: TruncationOptions, lost: Lost): Sink {
  return async (events) => {
    let batch: AuditEvent[] = [];
    let size = 0;
    const handOn = async () => {
      if (batch.length > 0) await sink(batch);
      batch = [];
      size = 0;
    };
    for (const each of events) {
      let event = each;
      let bytes = sizeOf(event);
      if (bytes > maxEventSize && event.level !== 'Metadata') {
        event = shortened(event);
        bytes = sizeOf(event);
      }
      if (bytes > maxEventSize) {
        lost(1, new Error(`event is too large: ${bytes} bytes`));
        continue;
      }
      if (size + bytes > maxBatchSize) await handOn();
      batch.push(event);
      size += bytes;
    }
    await handOn();
  };
}

function shortened({ requestObject: _request, responseObject: _response, ...event }: AuditEvent): AuditEvent {
  return { ...event, annotations: { ...event.annotations, 'audit.k8s.io/truncated': 'true' } };
}

function sizeOf(event: AuditEvent): number {
  return Buffer.byteLength(encodeJson(event));
}
