import { expect, it } from '@jest/globals';
import type { EndpointSlice } from '../../generated/discovery/v1.ts';
import { validateCreate } from '../../validate.ts';
import { endpointSlice } from './endpointslice.ts';

it('a slice has addresses of its type, hints once, and ports with names', () => {
  const slice: EndpointSlice = {
    metadata: { name: 'a', namespace: 'default' },
    addressType: 'IPv4',
    endpoints: [
      { addresses: ['fd00::1', '127.0.0.1', 'x'], hints: { forZones: [{ name: 'a' }, { name: 'a' }] } },
      { addresses: [] },
    ],
    ports: [{ name: 'a', protocol: 'ICMP' }, { name: 'a' }],
  };
  endpointSlice.defaults!(slice);
  expect(validateCreate(endpointSlice, slice).map((each) => `${each.field}: ${each.message}`)).toEqual([
    'endpoints[0].addresses[0]: Invalid value: "fd00::1": must be a valid IPv4 address',
    'endpoints[0].addresses[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    'endpoints[0].addresses[2]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    'endpoints[0].hints.forZones[1].name: Duplicate value: "a"',
    'endpoints[1].addresses: Required value: must contain at least 1 address',
    'ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    'ports[1].name: Duplicate value: "a"',
  ]);
});

const of = (slice: Partial<EndpointSlice>): EndpointSlice => ({
  metadata: { name: 'a', namespace: 'default' },
  addressType: 'IPv6',
  endpoints: [],
  ...slice,
});

it('a slice loses what older versions said of where its endpoints are', () => {
  const slice = of({ endpoints: [{ addresses: ['fd00::1'], deprecatedTopology: { a: 'b' } }] });
  endpointSlice.prepareForCreate!(slice);
  expect(slice.endpoints).toEqual([{ addresses: ['fd00::1'] }]);
  const changed = of({ endpoints: [{ addresses: ['fd00::1'], deprecatedTopology: { a: 'b' } }] });
  endpointSlice.prepareForUpdate!(changed, slice);
  expect(changed.endpoints).toEqual([{ addresses: ['fd00::1'] }]);
});

it('a slice counts changes of its labels', () => {
  const labelled = (a: string) => of({ metadata: { labels: { a }, generation: 3 } });
  const [same, changed] = [labelled('a'), labelled('b')];
  endpointSlice.prepareForUpdate!(same, labelled('a'));
  endpointSlice.prepareForUpdate!(changed, labelled('a'));
  expect([same.metadata.generation, changed.metadata.generation]).toEqual([3, 4]);
});

it('a slice warns of names in place of addresses when it is made, and of addresses that are not in their one form', () => {
  const text = 'endpoints[0].addresses[0]: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")';
  const slice = of({ endpoints: [{ addresses: ['FD00::1'] }] });
  expect(endpointSlice.warnings!(slice, undefined, '')).toEqual([text]);
  expect(endpointSlice.warnings!(slice, slice, '')).toEqual([text]);
  const labels = { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' };
  expect(endpointSlice.warnings!({ ...slice, metadata: { labels } }, undefined, '')).toEqual([]);
  const names = of({ addressType: 'FQDN', endpoints: [{ addresses: ['example.com'] }] });
  expect(endpointSlice.warnings!(names, undefined, '')).toEqual(['spec.addressType: FQDN endpoints are deprecated']);
  expect(endpointSlice.warnings!(names, names, '')).toEqual([]);
});
