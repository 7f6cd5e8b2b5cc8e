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
