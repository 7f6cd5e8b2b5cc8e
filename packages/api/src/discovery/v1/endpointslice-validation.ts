import { endpointIpErrors } from '../../core/v1/endpoint-addresses.ts';
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice } from '../../generated/discovery/v1.ts';
import { append } from '../../meta/append.ts';
import {
  duplicate,
  type FieldError,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
  tooMany,
} from '../../meta/field-path.ts';
import {
  isDns1123Label,
  isDns1123Subdomain,
  isFullyQualifiedDomainName,
  isIp,
  isLabelValue,
  isQualifiedName,
} from '../../meta/names.ts';

const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const maxEndpoints = 1000;
const maxAddresses = 100;
const maxPorts = 20_000;
const maxHints = 8;

/** Errors of a slice of a service's endpoints (KEP-752). */
export function validateEndpointSlice(
  { addressType, endpoints = [], ports = [] }: EndpointSlice,
  at: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!addressType) errors.push(required(at.child('addressType')));
  else if (!addressTypes.includes(addressType))
    errors.push(notSupported(at.child('addressType'), addressType, addressTypes));
  const path = at.child('endpoints');
  if (endpoints.length > maxEndpoints) errors.push(tooMany(path, endpoints.length, maxEndpoints));
  else
    for (const [i, endpoint] of endpoints.entries())
      append(errors, validateEndpoint(endpoint, addressType, path.index(i)));
  return [...errors, ...validatePorts(ports, at.child('ports'))];
}

function validateEndpoint(it: Endpoint, addressType: string, at: Path): FieldError[] {
  const { addresses = [], nodeName, hostname, hints } = it;
  const path = at.child('addresses');
  const errors: FieldError[] = [];
  if (addresses.length === 0) errors.push(required(path, 'must contain at least 1 address'));
  else if (addresses.length > maxAddresses) errors.push(tooMany(path, addresses.length, maxAddresses));
  for (const [i, address] of addresses.entries()) append(errors, addressErrors(address, addressType, path.index(i)));
  if (nodeName !== undefined) append(errors, malformed(at.child('nodeName'), nodeName, isDns1123Subdomain));
  if (hostname !== undefined) append(errors, malformed(at.child('hostname'), hostname, isDns1123Label));
  return hints ? [...errors, ...validateHints(hints, at.child('hints'))] : errors;
}

function addressErrors(address: string, type: string, at: Path): FieldError[] {
  if (type === 'FQDN') return malformed(at, address, isFullyQualifiedDomainName);
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  const errors = malformed(at, address, isIp);
  if (errors.length > 0) return errors;
  if (address.includes(':') !== (type === 'IPv6')) errors.push(invalid(at, address, `must be a valid ${type} address`));
  return [...errors, ...endpointIpErrors(address, at)];
}

/** Errors of where an endpoint is best used: in some zones, on some nodes. */
function validateHints({ forZones, forNodes }: EndpointHints, at: Path): FieldError[] {
  return [
    ...validateNames(forZones ?? [], isLabelValue, at.child('forZones')),
    ...validateNames(forNodes ?? [], isDns1123Subdomain, at.child('forNodes')),
  ];
}

function validateNames(list: readonly { name: string }[], check: (name: string) => string[], at: Path): FieldError[] {
  if (list.length > maxHints) return [tooMany(at, list.length, maxHints)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, { name = '' }] of list.entries()) {
    const path = at.index(i).child('name');
    if (names.has(name)) errors.push(duplicate(path, name));
    names.add(name);
    append(errors, malformed(path, name, check));
  }
  return errors;
}

function validatePorts(ports: readonly EndpointPort[], at: Path): FieldError[] {
  if (ports.length > maxPorts) return [tooMany(at, ports.length, maxPorts)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, { name = '', protocol, appProtocol }] of ports.entries()) {
    const path = at.index(i);
    if (name !== '') append(errors, malformed(path.child('name'), name, isDns1123Label));
    if (names.has(name)) errors.push(duplicate(path.child('name'), name));
    names.add(name);
    if (protocol === undefined) errors.push(required(path.child('protocol')));
    else if (!protocols.includes(protocol)) errors.push(notSupported(path.child('protocol'), protocol, protocols));
    if (appProtocol !== undefined) append(errors, malformed(path.child('appProtocol'), appProtocol, isQualifiedName));
  }
  return errors;
}
