import type { HTTPGetAction, Lifecycle, LifecycleHandler, Probe, ProbeHandler } from '../../generated/core/v1.ts';
import { type FieldError, forbidden, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';
import { isHttpHeaderName, isPortName } from '../../meta/names.ts';

type ProbeUse = 'livenessProbe' | 'readinessProbe' | 'startupProbe';

/** Errors of a probe; liveness and startup probes succeed at the first success. */
export function validateProbe(probe: Probe | undefined, use: ProbeUse, at: Path): FieldError[] {
  if (!probe) return [];
  const errors = validateHandler(probe, at);
  for (const field of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    const value = probe[field];
    if (value !== undefined && value < 0)
      errors.push(invalid(at.child(field), value, 'must be greater than or equal to 0'));
  }
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && use === 'readinessProbe') {
    errors.push(invalid(at.child('terminationGracePeriodSeconds'), grace, 'must not be set for readinessProbes'));
  } else if (grace !== undefined && grace <= 0) {
    errors.push(invalid(at.child('terminationGracePeriodSeconds'), grace, 'must be greater than 0'));
  }
  if (use !== 'readinessProbe' && probe.successThreshold !== undefined && probe.successThreshold !== 1) {
    errors.push(invalid(at.child('successThreshold'), probe.successThreshold, 'must be 1'));
  }
  return errors;
}

/** Errors of a container's hooks. */
export function validateLifecycle(lifecycle: Lifecycle | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (lifecycle?.postStart) errors.push(...validateHandler(lifecycle.postStart, at.child('postStart')));
  if (lifecycle?.preStop) errors.push(...validateHandler(lifecycle.preStop, at.child('preStop')));
  return errors;
}

function validateHandler(handler: ProbeHandler & LifecycleHandler, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const named = (['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const).filter((type) => handler[type]);
  for (const extra of named.slice(1))
    errors.push(forbidden(at.child(extra), 'may not specify more than 1 handler type'));
  switch (named[0]) {
    case undefined:
      errors.push(required(at, 'must specify a handler type'));
      break;
    case 'exec':
      if (!handler.exec!.command?.length) errors.push(required(at.child('exec.command')));
      break;
    case 'httpGet':
      errors.push(...validateHttpGet(handler.httpGet!, at.child('httpGet')));
      break;
    case 'tcpSocket':
      errors.push(...validatePort(handler.tcpSocket!.port, at.child('tcpSocket.port')));
      break;
    case 'grpc':
      errors.push(...validatePort(handler.grpc!.port, at.child('grpc.port')));
      break;
    case 'sleep':
      if (handler.sleep!.seconds < 0)
        errors.push(invalid(at.child('sleep'), handler.sleep!.seconds, 'must be greater than or equal to 0'));
      break;
  }
  return errors;
}

function validateHttpGet(action: HTTPGetAction, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!action.path) errors.push(required(at.child('path')));
  errors.push(...validatePort(action.port, at.child('port')));
  if (action.scheme !== 'HTTP' && action.scheme !== 'HTTPS')
    errors.push(notSupported(at.child('scheme'), action.scheme ?? '', ['HTTP', 'HTTPS']));
  for (const [i, header] of (action.httpHeaders ?? []).entries()) {
    for (const message of isHttpHeaderName(header.name))
      errors.push(invalid(at.child('httpHeaders').index(i).child('name'), header.name, message));
  }
  return errors;
}

function validatePort(port: number | string | undefined, at: Path): FieldError[] {
  if (typeof port === 'string') return isPortName(port).map((message) => invalid(at, port, message));
  return (port ?? 0) >= 1 && port! <= 65_535 ? [] : [invalid(at, port ?? 0, 'must be between 1 and 65535, inclusive')];
}
