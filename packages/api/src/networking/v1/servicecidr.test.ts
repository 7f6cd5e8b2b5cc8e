import { expect, it } from '@jest/globals';
import { validateCreate } from '../../validate.ts';
import { serviceCidr } from './servicecidr.ts';

it.each([
  ['10.96.0.0/12', []],
  ['2001:db8::/64', []],
  ['10.96.0.1/12', ['must not have bits set beyond the prefix length']],
  ['::ffff:10.0.0.0/104', ['must not be an IPv4-mapped IPv6 address']],
  ['2001:DB8:0::/64', ['must be in canonical form ("2001:db8::/64")']],
  ['10.96.0.0', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
])('a range %s is written in its one form', (cidr, details) => {
  const errors = validateCreate(serviceCidr, { metadata: { name: 'a' }, spec: { cidrs: [cidr] } });
  expect(errors.map(({ field, message }) => `${field}: ${message}`)).toEqual(
    details.map((detail) => `spec.cidrs[0]: Invalid value: "${cidr}": ${detail}`),
  );
});
