import { isIP } from 'node:net';
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressRule,
  IngressServiceBackend,
  IngressSpec,
  IngressTLS,
} from '../../generated/networking/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, malformed, notSupported, type Path, required } from '../../meta/field-path.ts';
import {
  isDns1123Label,
  isDns1123Subdomain,
  isIp,
  isPathSegmentName,
  isPortName,
  isPortNumber,
  isWildcardDns1123Subdomain,
} from '../../meta/names.ts';

/** The older way to name an Ingress's class. */
export const ingressClassAnnotation = 'kubernetes.io/ingress.class';

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];
/** What a path that is compared piece by piece may not contain or end with: it would mean another path. */
const ambiguousParts = ['//', '/./', '/../', '%2f', '%2F'];
const ambiguousEnds = ['/..', '/.'];

/** Errors of an Ingress. */
export function validateIngress({ spec }: Ingress, at: Path): FieldError[] {
  return validateSpec(spec, at.child('spec'));
}

/** Errors only a new Ingress has: its class is named twice, differently. */
export function validateIngressCreate({ metadata, spec }: Ingress, at: Path): FieldError[] {
  const annotated = metadata.annotations?.[ingressClassAnnotation];
  const named = spec.ingressClassName;
  if (annotated === undefined || named === undefined || annotated === named) return [];
  const path = at.child('annotations').child(ingressClassAnnotation);
  return [invalid(path, annotated, 'must match `ingressClassName` when both are specified')];
}

/** Errors of the addresses a controller reports. */
export function validateIngressStatusUpdate({ status }: Ingress, _old: Ingress, at: Path): FieldError[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, i) => {
    const path = at.child('status.loadBalancer.ingress').index(i);
    return [
      ...(ip ? malformed(path.child('ip'), ip, isIp) : []),
      ...(hostname
        ? [
            ...malformed(path.child('hostname'), hostname, isDns1123Subdomain),
            ...noAddress(path.child('hostname'), hostname),
          ]
        : []),
    ];
  });
}

function validateSpec(spec: IngressSpec, at: Path): FieldError[] {
  const { rules, defaultBackend, tls, ingressClassName: className } = spec;
  const errors: FieldError[] = [];
  if (!rules?.length && !defaultBackend) {
    errors.push(invalid(at, rules, 'either `defaultBackend` or `rules` must be specified'));
  }
  if (defaultBackend) append(errors, validateBackend(defaultBackend, at.child('defaultBackend')));
  append(
    errors,
    (rules ?? []).flatMap((rule, i) => validateRule(rule, at.child('rules').index(i))),
    (tls ?? []).flatMap((each, i) => validateTls(each, at.child('tls').index(i))),
    className === undefined ? [] : malformed(at.child('ingressClassName'), className, isDns1123Subdomain),
  );
  return errors;
}

function validateTls({ hosts = [], secretName }: IngressTLS, at: Path): FieldError[] {
  return [
    ...hosts.flatMap((host, i) => validateHost(host, at.child('hosts').index(i))),
    ...(secretName ? malformed(at.child('secretName'), secretName, isDns1123Subdomain) : []),
  ];
}

function validateHost(host: string, at: Path): FieldError[] {
  return malformed(at, host, host.includes('*') ? isWildcardDns1123Subdomain : isDns1123Subdomain);
}

const noAddress = (at: Path, name: string): FieldError[] =>
  isIP(name) === 0 ? [] : [invalid(at, name, 'must be a DNS name, not an IP address')];

function validateRule({ host, http }: IngressRule, at: Path): FieldError[] {
  const errors = host ? [...noAddress(at.child('host'), host), ...validateHost(host, at.child('host'))] : [];
  if (!http) return errors;
  const paths = at.child('http.paths');
  if (!http.paths?.length) return [...errors, required(paths)];
  return [...errors, ...http.paths.flatMap((path, i) => validatePath(path, paths.index(i)))];
}

function validatePath({ path = '', pathType, backend }: HTTPIngressPath, at: Path): FieldError[] {
  if (pathType === undefined) return [required(at.child('pathType'), 'pathType must be specified')];
  const where = at.child('path');
  const errors: FieldError[] = [];
  if (!pathTypes.includes(pathType)) errors.push(notSupported(at.child('pathType'), pathType, pathTypes));
  else if (!path.startsWith('/') && (path !== '' || pathType !== 'ImplementationSpecific')) {
    errors.push(invalid(where, path, 'must be an absolute path'));
  }
  if (pathType === 'Exact' || pathType === 'Prefix') {
    for (const part of ambiguousParts)
      if (path.includes(part)) errors.push(invalid(where, path, `must not contain '${part}'`));
    for (const end of ambiguousEnds)
      if (path.endsWith(end)) errors.push(invalid(where, path, `cannot end with '${end}'`));
  }
  return [...errors, ...validateBackend(backend ?? {}, at.child('backend'))];
}

function validateBackend({ resource, service }: IngressBackend, at: Path): FieldError[] {
  if (resource && service) return [invalid(at, '', 'cannot set both resource and service backends')];
  if (service) return validateServiceBackend(service, at);
  if (!resource) return [invalid(at, '', 'resource or service backend is required')];
  const { apiGroup } = resource;
  const path = at.child('resource');
  return [
    ...(apiGroup === undefined ? [] : malformed(path.child('apiGroup'), apiGroup, isDns1123Subdomain)),
    ...(['kind', 'name'] as const).flatMap((field) =>
      resource[field]
        ? malformed(path.child(field), resource[field], isPathSegmentName)
        : [required(path.child(field))],
    ),
  ];
}

function validateServiceBackend({ name, port }: IngressServiceBackend, at: Path): FieldError[] {
  const path = at.child('service');
  const errors = name ? malformed(path.child('name'), name, isDns1123Label) : [required(path.child('name'))];
  if (port?.name && port.number) errors.push(invalid(at, '', 'cannot set both port name & port number'));
  else if (port?.name) append(errors, malformed(path.child('port.name'), port.name, isPortName));
  else if (port?.number) {
    const { number } = port;
    append(
      errors,
      isPortNumber(number).map((message) => invalid(path.child('port.number'), number, message)),
    );
  } else errors.push(required(at, 'port name or number is required'));
  return errors;
}
