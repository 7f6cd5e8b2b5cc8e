import { describe, expect, it } from '@jest/globals';
import { compile } from '../compile.ts';
import { plainType } from '../schema/declared-type.ts';
import { toJson } from '../schema/json-value.ts';
import { authorizerType, authorizerValue } from './authorizer.ts';

const environment = { variables: { authorizer: plainType(authorizerType) } };
const authorizer = authorizerValue((question) => ({
  allowed: question.resource === 'pods' || question.path === '/healthz',
  reason: JSON.stringify(question),
}));

function run(source: string): unknown {
  const outcome = compile(source, environment).evaluate(() => authorizer);
  return 'error' in outcome ? `error: ${outcome.error.message}` : toJson(outcome.value);
}

describe.each<[string, [string, unknown][]]>([
  [
    'addresses',
    [
      [
        "isIP('10.0.0.1') && isIP('::1') && !isIP('10.0.0.01') && !isIP('10.0.0') && !isIP('fe80::1%eth0') && !isIP('::ffff:1.2.3.4')",
        true,
      ],
      ["ip('10.0.0.1').family() == 4 && ip('::1').family() == 6", true],
      ["ip('127.0.0.1').isLoopback() && ip('::1').isLoopback() && !ip('10.0.0.1').isLoopback()", true],
      [
        "ip('0.0.0.0').isUnspecified() && ip('224.0.0.1').isLinkLocalMulticast() && ip('ff02::1').isLinkLocalMulticast()",
        true,
      ],
      ["ip('169.254.1.1').isLinkLocalUnicast() && ip('fe80::1').isLinkLocalUnicast()", true],
      [
        "ip('8.8.8.8').isGlobalUnicast() && !ip('255.255.255.255').isGlobalUnicast() && ip('2001:db8::1').isGlobalUnicast()",
        true,
      ],
      ["ip.isCanonical('2001:db8::1') && !ip.isCanonical('2001:DB8::1')", true],
      ["ip('::1') == ip('0:0:0:0:0:0:0:1') && ip('10.0.0.1') != ip('10.0.0.2') && string(ip('::1')) == '::1'", true],
      ["type(ip('::1')) == net.IP", true],
    ],
  ],
  [
    'ranges',
    [
      [
        "isCIDR('10.0.0.0/8') && isCIDR('::/0') && !isCIDR('10.0.0.0/33') && !isCIDR('10.0.0.0/08') && !isCIDR('10.0.0.0')",
        true,
      ],
      ["cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsIP(ip('11.0.0.1'))", true],
      ["cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.0.0.0/8').containsCIDR(cidr('10.0.0.0/7'))", true],
      ["cidr('10.1.2.3/8').ip() == ip('10.1.2.3') && cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')", true],
      ["cidr('10.0.0.0/8').prefixLength() == 8 && string(cidr('::1/64')) == '::1/64'", true],
    ],
  ],
  [
    'quantities',
    [
      ["isQuantity('1.5Gi') && !isQuantity('1.5 G') && quantity('1Gi') == quantity('1024Mi')", true],
      [
        "quantity('1k').isGreaterThan(quantity('999')) && quantity('1m').isLessThan(quantity('1')) && quantity('1').compareTo(quantity('2')) == -1",
        true,
      ],
      ["quantity('50k').add(quantity('1')).add(20) == quantity('50021') && sign(quantity('5').sub(7)) == -1", true],
      [
        "quantity('50k').asInteger() == 50000 && !quantity('0.1').isInteger() && quantity('0.5').asApproximateFloat() == 0.5",
        true,
      ],
      ["quantity('0.1').asInteger()", 'error: cannot convert value to integer'],
    ],
  ],
  [
    'URLs',
    [
      [
        "isURL('https://user@[::1]:80/a?b=c') && isURL('/a/b') && !isURL('a/b') && !isURL('../x') && !isURL('https://a:b/')",
        true,
      ],
      [
        "url('https://example.com:80/a b?k=1&k=2').getHost() + url('https://[::1]:80/').getHostname() + url('https://a:80/').getPort()",
        'example.com:80::180',
      ],
      ["url('https://example.com/a b').getEscapedPath() + url('HTTP://x').getScheme()", '/a%20bhttp'],
      ["url('/p?k=1&k=2&l=3').getQuery()", { k: ['1', '2'], l: ['3'] }],
    ],
  ],
  [
    'lists of lists',
    [
      ['lists.range(3).map(i, i * 2)', [0, 2, 4]],
      ['lists.range(-1)', 'error: lists.range: size must be non-negative, got -1'],
      ['[3, 1, 2].sort() + [3, 1, 2].sortBy(x, -x)', [1, 2, 3, 3, 2, 1]],
      ['[1, 2, 1].distinct() + [1, 2].reverse()', [1, 2, 2, 1]],
      ['[1, 2, 3].slice(1, 3)', [2, 3]],
      ['[1].slice(0, 2)', 'error: cannot slice(0, 2), list is length 1'],
      ['[[[1], [2]], [[3]]].flatten(2).size() + [[1], [2]].flatten().size()', 5],
      ['[1, 2].first().value() + [1, 2].last().value()', 3],
      ['[].first().hasValue()', false],
    ],
  ],
  [
    'versions',
    [
      [
        "isSemver('1.2.3-rc.1+b') && !isSemver('1.2') && !isSemver('v1.2.3') && !isSemver('01.2.3') && isSemver('v01.2', true)",
        true,
      ],
      [
        "semver('1.2.3').isGreaterThan(semver('1.2.3-rc.2')) && semver('1.0.0-rc.2').isLessThan(semver('1.0.0-rc.10'))",
        true,
      ],
      ["semver('1.2.3').major() * 100 + semver('1.2.3').minor() * 10 + semver('1.2.3').patch()", 123],
      ["semver('1.2.3+a') == semver('1.2.3+b') && semver('v1.1', true).compareTo(semver('1.1.0')) == 0", true],
    ],
  ],
  [
    'formats',
    [
      [
        "!format.dns1123Label().validate('my-name').hasValue() && format.dns1123Label().validate('My').value().size() == 1",
        true,
      ],
      ["format.named('uuid').value().validate('x').value()", ['does not match the UUID format']],
      ["format.named('nope').hasValue()", false],
      ["!format.date().validate('2026-02-28').hasValue() && format.date().validate('2026-02-30').hasValue()", true],
      ["!format.dns1123LabelPrefix().validate('my-').hasValue()", true],
    ],
  ],
  [
    'the authorizer',
    [
      [
        "authorizer.group('').resource('pods').subresource('log').namespace('x').name('y').check('get').reason()",
        '{"group":"","resource":"pods","subresource":"log","namespace":"x","name":"y","verb":"get"}',
      ],
      [
        "authorizer.path('/healthz').check('get').allowed() && !authorizer.group('').resource('secrets').check('get').allowed()",
        true,
      ],
      [
        "authorizer.serviceAccount('ns', 'sa').path('/x').check('get').reason()",
        '{"serviceAccount":{"namespace":"ns","name":"sa"},"path":"/x","verb":"get"}',
      ],
      ["authorizer.path('/x').check('get').errored() || authorizer.path('/x').check('get').error() != ''", false],
      [
        "[1, 2, 3].all(x, authorizer.path('/healthz').check('get').allowed())",
        'error: operation cancelled: actual cost limit exceeded',
      ],
    ],
  ],
])('%s', (_, cases) => {
  it.each(cases)('%s', (source, expected) => {
    expect(run(source)).toEqual(expected);
  });
});
