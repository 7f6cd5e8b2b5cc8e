import type { Event } from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, malformed, type Path, required } from '../../meta/field-path.ts';
import { isDns1123Subdomain, isQualifiedName } from '../../meta/names.ts';

const maxWordBytes = 128;
const maxMessageBytes = 1024;

/** Errors of an event; `component` is what the field is called that names who reports it. */
export function validateEvent(it: Event, at: Path, component = 'reportingComponent'): FieldError[] {
  const about = it.involvedObject?.namespace ?? '';
  const { namespace = '' } = it.metadata;
  const errors: FieldError[] = [];
  // Events about what is in no namespace are in the default one; those of a time may be in the system's too, or about what is elsewhere.
  const others = it.eventTime ? ['default', 'kube-system'] : ['default'];
  if (about === '' ? !others.includes(namespace) : !it.eventTime && about !== namespace)
    errors.push(invalid(at.child('involvedObject.namespace'), about, 'does not match event.namespace'));
  if (!it.eventTime) return errors;
  const reporter = it.reportingComponent ?? '';
  if (reporter === '') errors.push(required(at.child(component)));
  append(errors, malformed(at.child(component), reporter, isQualifiedName));
  for (const field of ['reportingInstance', 'action', 'reason'] as const) {
    const value = it[field] ?? '';
    if (value === '') errors.push(required(at.child(field)));
    if (Buffer.byteLength(value) > maxWordBytes)
      errors.push(invalid(at.child(field), '', `can have at most ${maxWordBytes} characters`));
  }
  if (Buffer.byteLength(it.message ?? '') > maxMessageBytes)
    errors.push(invalid(at.child('message'), '', `can have at most ${maxMessageBytes} characters`));
  return errors;
}

/** Errors of an event in the newer form, which has no room for how it was told before; `it` is in the older form. */
export function validateNewerEvent(it: Event, at: Path): FieldError[] {
  const errors = [
    ...validateEvent(it, at, 'reportingController'),
    ...malformed(at.child('metadata.name'), it.metadata.name ?? '', isDns1123Subdomain),
    ...validateSeries(it, at),
  ];
  if (!it.eventTime) errors.push(required(at.child('eventTime')));
  const { type = '' } = it;
  if (type !== 'Normal' && type !== 'Warning') errors.push(invalid(at.child('type'), '', `has invalid value: ${type}`));
  const unset = (field: string, value: unknown) => {
    if (value) errors.push(invalid(at.child(field), '', 'needs to be unset'));
  };
  unset('firstTimestamp', it.firstTimestamp);
  unset('lastTimestamp', it.lastTimestamp);
  unset('count', it.count);
  unset('source', it.source?.component || it.source?.host);
  return errors;
}

/** Errors of how often an event came again. */
export function validateSeries({ series }: Event, at: Path): FieldError[] {
  if (!series) return [];
  const errors: FieldError[] = [];
  if ((series.count ?? 0) < 2) errors.push(invalid(at.child('series.count'), '', 'should be at least 2'));
  if (!series.lastObservedTime) errors.push(required(at.child('series.lastObservedTime')));
  return errors;
}
