import { describe, expect, it } from '@jest/globals';
import {
  generateName,
  isCIdentifier,
  isCidr,
  isConfigMapKey,
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isEnvVarName,
  isFullyQualifiedDomainName,
  isHttpHeaderName,
  isIp,
  isLabelValue,
  isPathSegmentName,
  isPortName,
  isPortNumber,
  isQualifiedName,
  isStrictEnvVarName,
  isUserId,
  isValidPercent,
  isWildcardDns1123Subdomain,
  randomSuffix,
  safeEncodeString,
} from './names.ts';

const checks = {
  isCIdentifier,
  isCidr,
  isConfigMapKey,
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isEnvVarName,
  isFullyQualifiedDomainName,
  isHttpHeaderName,
  isIp,
  isLabelValue,
  isPathSegmentName,
  isPortName,
  isQualifiedName,
  isStrictEnvVarName,
  isValidPercent,
  isWildcardDns1123Subdomain,
};

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const label1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const qualified =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelValue =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const configKey =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

describe('checks of names', () => {
  it.each([
    ['isDns1123Label', 'web-1', []],
    ['isDns1123Label', '1', []],
    ['isDns1123Label', 'a'.repeat(63), []],
    ['isDns1123Label', 'a'.repeat(64), ['must be no more than 63 characters']],
    ['isDns1123Label', 'Web', [label]],
    ['isDns1123Label', '', [label]],
    ['isDns1123Label', '-a', [label]],
    ['isDns1123Label', 'a.b', [label]],
    ['isDns1123Label', 'a\n', [label]],
    ['isDns1123Label', 'ä'.repeat(40), ['must be no more than 63 characters', label]],
    ['isDns1123Subdomain', 'a.b-c.1', []],
    ['isDns1123Subdomain', 'a..b', [subdomain]],
    ['isDns1123Subdomain', 'a.', [subdomain]],
    ['isDns1123Subdomain', `${'a.'.repeat(126)}ab`, ['must be no more than 253 characters']],
    ['isDns1035Label', 'web-1', []],
    ['isDns1035Label', '1web', [label1035]],
    ['isWildcardDns1123Subdomain', '*.a.b', []],
    ['isQualifiedName', 'a', []],
    ['isQualifiedName', 'Example_1.x', []],
    ['isQualifiedName', 'example.com/Name', []],
    ['isQualifiedName', '', ['name part must be non-empty', `name part ${qualified}`]],
    ['isQualifiedName', '/a', ['prefix part must be non-empty']],
    ['isQualifiedName', 'A/a', [`prefix part ${subdomain}`]],
    ['isQualifiedName', 'a/', ['name part must be non-empty', `name part ${qualified}`]],
    [
      'isQualifiedName',
      'a/b/c',
      [`a valid label key ${qualified} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`],
    ],
    ['isQualifiedName', 'x'.repeat(64), ['name part must be no more than 63 bytes']],
    ['isQualifiedName', '_a', [`name part ${qualified}`]],
    ['isLabelValue', '', []],
    ['isLabelValue', 'a_B.1', []],
    ['isLabelValue', 'a b', [labelValue]],
    ['isLabelValue', 'x'.repeat(64), ['must be no more than 63 bytes']],
    ['isPathSegmentName', 'system:node', []],
    ['isPathSegmentName', '.', ["may not be '.'"]],
    ['isPathSegmentName', '..', ["may not be '..'"]],
    ['isPathSegmentName', 'a/b%', ["may not contain '/'", "may not contain '%'"]],
    ['isEnvVarName', 'A B:c.1-?', []],
    ['isEnvVarName', '', ['environment variable name must be non-empty']],
    [
      'isEnvVarName',
      'a=b',
      ["a valid environment variable name must consist only of printable ASCII characters other than '='"],
    ],
    [
      'isEnvVarName',
      'ä',
      ["a valid environment variable name must consist only of printable ASCII characters other than '='"],
    ],
    ['isStrictEnvVarName', 'MY_ENV.n-1', []],
    ['isStrictEnvVarName', '..a', ["must not start with '..'"]],
    ['isConfigMapKey', 'a.b_C-1', []],
    ['isConfigMapKey', '__proto__', []],
    ['isConfigMapKey', '', [configKey]],
    ['isConfigMapKey', 'a/b', [configKey]],
    ['isConfigMapKey', '.', ["must not be '.'"]],
    ['isConfigMapKey', '..', ["must not be '..'"]],
    ['isConfigMapKey', '..a', ["must not start with '..'"]],
    ['isConfigMapKey', 'a'.repeat(254), ['must be no more than 253 characters']],
    ['isCIdentifier', '_a1', []],
    ['isPortName', 'http-1', []],
    ['isPortName', 'a'.repeat(16), ['must be no more than 15 characters']],
    ['isPortName', '80', ['must contain at least one letter (a-z)']],
    [
      'isPortName',
      'A',
      [
        'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
        'must contain at least one letter (a-z)',
      ],
    ],
    ['isPortName', 'a--b', ['must not contain consecutive hyphens']],
    ['isPortName', '-a', ['must not begin or end with a hyphen']],
    ['isIp', '10.0.0.1', []],
    ['isIp', '2001:db8::1', []],
    ['isIp', '10.0.0.256', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
    ['isIp', '010.0.0.1', ['must not have leading 0s']],
    ['isIp', '::ffff:10.0.0.1', ['must not be an IPv4-mapped IPv6 address']],
    ['isIp', 'fe80::1%eth0', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
    ['isCidr', '10.0.0.0/8', []],
    ['isCidr', '2001:db8::/64', []],
    ['isCidr', '10.0.0.0/33', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
    ['isCidr', '10.0.0.0', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
    ['isCidr', '10.0.0.0/08', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
    ['isValidPercent', '25%', []],
    [
      'isValidPercent',
      '25',
      [
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      ],
    ],
    ['isHttpHeaderName', 'X-Test', []],
    ['isFullyQualifiedDomainName', 'a.b', []],
    ['isFullyQualifiedDomainName', 'a.b.', []],
    ['isFullyQualifiedDomainName', 'a', ['should be a domain with at least two segments separated by dots']],
    ['isFullyQualifiedDomainName', '', ['must be non-empty']],
  ] as const)('%s(%j)', (check, value, errors) => {
    expect(checks[check](value)).toEqual(errors);
  });

  it('have ranges of numbers', () => {
    expect([0, 1, 65535, 65536].map((port) => isPortNumber(port).length)).toEqual([1, 0, 0, 1]);
    expect(isPortNumber(0)).toEqual(['must be between 1 and 65535, inclusive']);
    expect(isUserId(-1)).toEqual(['must be between 0 and 2147483647, inclusive']);
    expect(isUserId(2147483647)).toEqual([]);
  });

  it('take no longer for hostile input', () => {
    // Patterns that backtrack would not finish on these.
    for (const check of [isDns1123Subdomain, isQualifiedName, isLabelValue, isDns1123Label]) {
      expect(check(`${'a-'.repeat(50_000)}!`).length).toBeGreaterThan(0);
    }
  });
});

describe('generated names', () => {
  it('end in five characters of the alphabet', () => {
    const made = Array.from({ length: 200 }, () => generateName('web-'));
    for (const name of made) expect(name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(new Set(made).size).toBeGreaterThan(190);
  });

  it('fit into 63 characters', () => {
    expect(generateName('x'.repeat(100))).toMatch(/^x{58}[a-z0-9]{5}$/);
    expect(randomSuffix(10)).toHaveLength(10);
  });

  it('encode hashes as upstream does', () => {
    expect(safeEncodeString('1234567890')).toBe('56789bcdf4');
  });
});
