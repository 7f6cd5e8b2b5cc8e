import { age, text } from '../../columns.ts';
import type { EndpointSlice } from '../../generated/discovery/v1.ts';
import { defineKind } from '../../kind.ts';
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  type Path,
  required,
  tooMany,
} from '../../meta/field-path.ts';
import { isDns1123Label, isDns1123Subdomain, isIp } from '../../meta/names.ts';

const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const protocols = ['SCTP', 'TCP', 'UDP'];

/** Part of the addresses behind a service. */
export const endpointSlice = defineKind<EndpointSlice>('discovery/v1', {
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
  hasGeneration: true,
  defaults(it) {
    for (const port of it.ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  validate,
  immutable: ['addressType'],
  columns: [
    text('AddressType', (it) => it.addressType, 'Kind of the addresses.'),
    text(
      'Ports',
      (it) =>
        shownList(
          (it.ports ?? []).map((each) => (each.port === undefined ? '*' : String(each.port))),
          '<unset>',
        ),
      'Ports.',
    ),
    text(
      'Endpoints',
      (it) =>
        shownList(
          (it.endpoints ?? []).flatMap((each) => each.addresses),
          '<unset>',
        ),
      'Addresses.',
    ),
    age,
  ],
});

function shownList(all: string[], none: string): string {
  const max = 3;
  if (all.length === 0) return none;
  return all.length > max ? `${all.slice(0, max).join(',')} + ${all.length - max} more...` : all.join(',');
}

function validate(it: EndpointSlice, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!it.addressType) errors.push(required(at.child('addressType')));
  else if (!addressTypes.includes(it.addressType))
    errors.push(notSupported(at.child('addressType'), it.addressType, addressTypes));
  const list = it.endpoints ?? [];
  if (list.length > 1000) errors.push(tooMany(at.child('endpoints'), list.length, 1000));
  for (const [i, endpoint] of list.entries()) {
    const path = at.child('endpoints').index(i).child('addresses');
    const addresses = endpoint.addresses ?? [];
    if (addresses.length === 0) errors.push(required(path, 'must contain at least 1 address'));
    if (addresses.length > 100) errors.push(tooMany(path, addresses.length, 100));
    for (const [j, address] of addresses.entries()) {
      const family = isIp(address).length > 0 ? 'none' : address.includes(':') ? 'IPv6' : 'IPv4';
      if (it.addressType === 'FQDN')
        for (const message of isDns1123Subdomain(address)) errors.push(invalid(path.index(j), address, message));
      else if (family !== it.addressType) {
        errors.push(invalid(path.index(j), address, `must be a valid ${it.addressType} address`));
      }
    }
    if (endpoint.hostname) {
      for (const message of isDns1123Label(endpoint.hostname))
        errors.push(invalid(at.child('endpoints').index(i).child('hostname'), endpoint.hostname, message));
    }
  }
  const names = new Set<string>();
  const ports = it.ports ?? [];
  if (ports.length > 20_000) errors.push(tooMany(at.child('ports'), ports.length, 20_000));
  for (const [i, port] of ports.entries()) {
    const path = at.child('ports').index(i);
    const name = port.name ?? '';
    if (names.has(name)) errors.push(duplicate(path.child('name'), name));
    names.add(name);
    if (name !== '')
      for (const message of isDns1123Label(name)) errors.push(invalid(path.child('name'), name, message));
    if (port.protocol && !protocols.includes(port.protocol))
      errors.push(notSupported(path.child('protocol'), port.protocol, protocols));
  }
  return errors;
}
