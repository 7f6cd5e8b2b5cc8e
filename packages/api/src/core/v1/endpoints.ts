import { age, text } from '../../columns.ts';
import type { EndpointAddress, EndpointPort, Endpoints } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { addressWarnings } from '../../meta/address-warnings.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, malformed, notSupported, type Path, required } from '../../meta/field-path.ts';
import { isDns1123Label, isDns1123Subdomain, isIp, isPortNumber, isQualifiedName } from '../../meta/names.ts';
import { endpointIpErrors } from './endpoint-addresses.ts';

/** The addresses behind a service, all in one object (superseded by EndpointSlice). */
export const endpoints = defineKind<Endpoints>('core/v1', {
  kind: 'Endpoints',
  plural: 'endpoints',
  shortNames: ['ep'],
  namespaced: true,
  allowCreateOnUpdate: true,
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  defaults(it) {
    for (const subset of it.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
  },
  validate: (it, at) =>
    (it.subsets ?? []).flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }, i) => {
      const path = at.child('subsets').index(i);
      return [
        ...(addresses.length === 0 && notReadyAddresses.length === 0
          ? [required(path, 'must specify `addresses` or `notReadyAddresses`')]
          : []),
        ...addresses.flatMap((each, j) => addressErrors(each, path.child('addresses').index(j))),
        ...notReadyAddresses.flatMap((each, j) => addressErrors(each, path.child('notReadyAddresses').index(j))),
        ...ports.flatMap((each, j) => portErrors(each, ports.length > 1, path.child('ports').index(j))),
      ];
    }),
  warnings({ metadata, subsets = [] }) {
    if (metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller') return [];
    return subsets.flatMap((subset, i) =>
      (['addresses', 'notReadyAddresses'] as const).flatMap((list) =>
        (subset[list] ?? []).flatMap(({ ip = '' }, j) => addressWarnings(ip, `subsets[${i}].${list}[${j}].ip`)),
      ),
    );
  },
  columns: [text('Endpoints', shown, 'Ready addresses with their ports.'), age],
});

function addressErrors({ ip = '', hostname, nodeName }: EndpointAddress, at: Path): FieldError[] {
  const errors = isIp(ip).map((message) => invalid(at.child('ip'), ip, message));
  const isAddress = errors.length === 0;
  if (hostname) append(errors, malformed(at.child('hostname'), hostname, isDns1123Label));
  if (nodeName !== undefined) append(errors, malformed(at.child('nodeName'), nodeName, isDns1123Subdomain));
  return isAddress ? [...errors, ...endpointIpErrors(ip, at.child('ip'))] : errors;
}

function portErrors({ name, port, protocol, appProtocol }: EndpointPort, needsName: boolean, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) {
    if (needsName) errors.push(required(at.child('name')));
  } else
    append(
      errors,
      isDns1123Label(name).map((message) => invalid(at.child('name'), name, message)),
    );
  append(
    errors,
    isPortNumber(port ?? 0).map((message) => invalid(at.child('port'), port ?? 0, message)),
  );
  if (!protocol) errors.push(required(at.child('protocol')));
  else if (!['TCP', 'UDP', 'SCTP'].includes(protocol)) {
    errors.push(notSupported(at.child('protocol'), protocol, ['SCTP', 'TCP', 'UDP']));
  }
  if (appProtocol !== undefined) append(errors, malformed(at.child('appProtocol'), appProtocol, isQualifiedName));
  return errors;
}

function shown(it: Endpoints): string {
  const max = 3;
  const all: string[] = [];
  for (const subset of it.subsets ?? []) {
    const addresses = subset.addresses ?? [];
    if (!subset.ports?.length)
      append(
        all,
        addresses.map((each) => each.ip),
      );
    for (const port of subset.ports ?? [])
      append(
        all,
        addresses.map((each) => hostPort(each.ip, port.port)),
      );
  }
  if (all.length === 0) return '<none>';
  return all.length > max ? `${all.slice(0, max).join(',')} + ${all.length - max} more...` : all.join(',');
}

const hostPort = (ip: string, port: number) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);
