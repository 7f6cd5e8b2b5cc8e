import { age, text } from '../../columns.ts';
import type { EndpointAddress, EndpointPort, Endpoints } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { type FieldError, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';
import { isDns1123Label, isIp, isPortNumber } from '../../meta/names.ts';

/** The addresses behind a service, all in one object (superseded by EndpointSlice). */
export const endpoints = defineKind<Endpoints>('core/v1', {
  kind: 'Endpoints',
  plural: 'endpoints',
  shortNames: ['ep'],
  namespaced: true,
  allowCreateOnUpdate: true,
  defaults(it) {
    for (const subset of it.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
  },
  validate: (it, at) =>
    (it.subsets ?? []).flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }, i) => {
      const path = at.child('subsets').index(i);
      if (addresses.length === 0 && notReadyAddresses.length === 0) {
        return [required(path, 'must specify `addresses` or `notReadyAddresses`')];
      }
      return [
        ...addresses.flatMap((each, j) => addressErrors(each, path.child('addresses').index(j))),
        ...notReadyAddresses.flatMap((each, j) => addressErrors(each, path.child('notReadyAddresses').index(j))),
        ...ports.flatMap((each, j) => portErrors(each, ports.length > 1, path.child('ports').index(j))),
      ];
    }),
  columns: [text('Endpoints', shown, 'Ready addresses with their ports.'), age],
});

function addressErrors({ ip = '', hostname }: EndpointAddress, at: Path): FieldError[] {
  const errors = isIp(ip).map((message) => invalid(at.child('ip'), ip, message));
  if (errors.length === 0) errors.push(...specialIpErrors(ip, at.child('ip')));
  if (hostname)
    errors.push(...isDns1123Label(hostname).map((message) => invalid(at.child('hostname'), hostname, message)));
  return errors;
}

const specialIps: readonly (readonly [RegExp, string])[] = [
  [/^(0\.0\.0\.0|::)$/, 'may not be unspecified'],
  [/^(127\.|::1$)/, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [/^(169\.254\.|fe[89ab][0-9a-f]:)/i, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [/^(224\.0\.0\.|ff02:)/i, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
];

/** Addresses that would send a service's traffic to the one who asks. */
function specialIpErrors(ip: string, at: Path): FieldError[] {
  return specialIps.filter(([range]) => range.test(ip)).map(([, message]) => invalid(at, ip, message));
}

function portErrors({ name, port, protocol }: EndpointPort, needsName: boolean, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) {
    if (needsName) errors.push(required(at.child('name')));
  } else errors.push(...isDns1123Label(name).map((message) => invalid(at.child('name'), name, message)));
  errors.push(...isPortNumber(port ?? 0).map((message) => invalid(at.child('port'), port ?? 0, message)));
  if (!protocol) errors.push(required(at.child('protocol')));
  else if (!['TCP', 'UDP', 'SCTP'].includes(protocol)) {
    errors.push(notSupported(at.child('protocol'), protocol, ['SCTP', 'TCP', 'UDP']));
  }
  return errors;
}

function shown(it: Endpoints): string {
  const max = 3;
  const all: string[] = [];
  for (const subset of it.subsets ?? []) {
    const addresses = subset.addresses ?? [];
    if (!subset.ports?.length) all.push(...addresses.map((each) => each.ip));
    for (const port of subset.ports ?? []) all.push(...addresses.map((each) => hostPort(each.ip, port.port)));
  }
  if (all.length === 0) return '<none>';
  return all.length > max ? `${all.slice(0, max).join(',')} + ${all.length - max} more...` : all.join(',');
}

const hostPort = (ip: string, port: number) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);
