import type {
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  PodSpec,
  Probe,
  ProbeHandler,
} from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import {
  type FieldError,
  forbidden,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { isHttpHeaderName, isPortName, isPortNumber } from '../../meta/names.ts';

type ProbeUse = 'livenessProbe' | 'readinessProbe' | 'startupProbe';
type Handler = ProbeHandler & LifecycleHandler;

const counts = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

/** Errors of a probe; liveness and startup probes succeed at the first success. */
export function validateProbe(probe: Probe | undefined, use: ProbeUse, spec: PodSpec, at: Path): FieldError[] {
  if (!probe) return [];
  const errors = validateHandler(probe, spec, at);
  for (const field of counts) {
    const value = probe[field];
    if (value !== undefined && value < 0)
      errors.push(invalid(at.child(field), value, 'must be greater than or equal to 0'));
  }
  const { terminationGracePeriodSeconds: grace, successThreshold = 0 } = probe;
  const path = at.child('terminationGracePeriodSeconds');
  if (grace !== undefined && grace <= 0) errors.push(invalid(path, grace, 'must be greater than 0'));
  if (use === 'readinessProbe') {
    if (grace !== undefined) errors.push(invalid(path, grace, 'must not be set for readinessProbes'));
  } else if (successThreshold !== 1) errors.push(invalid(at.child('successThreshold'), successThreshold, 'must be 1'));
  return errors;
}

/** Errors of a container's hooks. */
export function validateLifecycle(lifecycle: Lifecycle | undefined, spec: PodSpec, at: Path): FieldError[] {
  if (!lifecycle) return [];
  const { postStart, preStop } = lifecycle;
  const errors: FieldError[] = [];
  if (postStart) append(errors, validateHandler(postStart, spec, at.child('postStart')));
  if (preStop) append(errors, validateHandler(preStop, spec, at.child('preStop')));
  return errors;
}

const handlers: Readonly<Record<string, (handler: Handler, spec: PodSpec, at: Path) => FieldError[]>> = {
  exec: ({ exec }, _, at) => (exec!.command?.length ? [] : [required(at.child('command'))]),
  httpGet: ({ httpGet }, _, at) => validateHttpGet(httpGet!, at),
  tcpSocket: ({ tcpSocket }, _, at) => validatePort(tcpSocket!.port, at.child('port')),
  grpc: ({ grpc }, _, at) => validatePort(grpc!.port, at.child('port')),
  sleep({ sleep }, { terminationGracePeriodSeconds: grace = 0 }, at) {
    const seconds = sleep!.seconds ?? 0;
    if (seconds >= 0 && seconds <= grace) return [];
    return [invalid(at, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${grace})`)];
  },
};

function validateHandler(handler: Handler, spec: PodSpec, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  let found = false;
  for (const type of Object.keys(handlers)) {
    if (!handler[type as keyof Handler]) continue;
    const path = at.child(type);
    if (found) errors.push(forbidden(path, 'may not specify more than 1 handler type'));
    else append(errors, handlers[type]!(handler, spec, path));
    found = true;
  }
  return found ? errors : [required(at, 'must specify a handler type')];
}

function validateHttpGet({ path, port, scheme = '', httpHeaders = [] }: HTTPGetAction, at: Path): FieldError[] {
  const errors = path ? [] : [required(at.child('path'))];
  append(errors, validatePort(port, at.child('port')));
  if (scheme !== 'HTTP' && scheme !== 'HTTPS') errors.push(notSupported(at.child('scheme'), scheme, ['HTTP', 'HTTPS']));
  for (const { name = '' } of httpHeaders) append(errors, malformed(at.child('httpHeaders'), name, isHttpHeaderName));
  return errors;
}

function validatePort(port: number | string = 0, at: Path): FieldError[] {
  const messages = typeof port === 'string' ? isPortName(port) : isPortNumber(port);
  return messages.map((message) => invalid(at, port, message));
}
