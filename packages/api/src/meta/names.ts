import { randomInt } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import { isMapped } from './addresses.ts';

/*
 * Checks of names and keys. Each returns the list of what is wrong, in upstream's words; an empty list means the value is fine.
 * Lengths are in bytes of UTF-8, as upstream counts them.
 */

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const searchLabel = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const searchDomain = `${searchLabel}(\\.${searchLabel})*`;
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualifiedName = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${qualifiedName})?`;
const configMapKey = '[-._a-zA-Z0-9]+';
const envVarName = '[-._a-zA-Z][-._a-zA-Z0-9]*';
const cIdentifier = '[A-Za-z_][A-Za-z0-9_]*';
const percent = '[0-9]+%';
const httpHeader = '[-A-Za-z0-9]+';
const wildcard = `\\*\\.${subdomain}`;

const whole = (pattern: string): RegExp => new RegExp(`^${pattern}$`);

const labelRegExp = whole(label);
const subdomainRegExp = whole(subdomain);
const searchDomainRegExp = whole(searchDomain);
const label1035RegExp = whole(label1035);
const qualifiedNameRegExp = whole(qualifiedName);
const labelValueRegExp = whole(labelValue);
const configMapKeyRegExp = whole(configMapKey);
const envVarNameRegExp = whole(envVarName);
const cIdentifierRegExp = whole(cIdentifier);
const percentRegExp = whole(percent);
const httpHeaderRegExp = whole(httpHeader);
const wildcardRegExp = whole(wildcard);

export const maxLabelLength = 63;
export const maxSubdomainLength = 253;

/** The text for a value of more than `max` bytes. Names say "characters", parts of labels "bytes"; bytes are what is counted. */
export const maxLengthError = (max: number, unit: 'bytes' | 'characters' = 'bytes'): string =>
  `must be no more than ${max} ${unit}`;

/** The text for a number outside of `low` to `high`. */
export const inclusiveRangeError = (low: number, high: number): string =>
  `must be between ${low} and ${high}, inclusive`;

const byteLength = (text: string): number => {
  // Names are ASCII nearly always: then the length is the number of bytes.
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return Buffer.byteLength(text);
  return text.length;
};

function regexError(message: string, pattern: string, ...examples: string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${pattern}')`;
  return `${message} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}regex used for validation is '${pattern}')`;
}

const labelMessage = regexError(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  label,
  'my-name',
  '123-abc',
);
const subdomainMessage = regexError(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  subdomain,
  'example.com',
);
const searchDomainMessage = regexError(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  searchDomain,
  'example.com',
);
const label1035Message = regexError(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  label1035,
  'my-name',
  'abc-123',
);
const qualifiedNameMessage = regexError(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  qualifiedName,
  'MyName',
  'my.name',
  '123-abc',
);
const labelValueMessage = regexError(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  labelValue,
  'MyValue',
  'my_value',
  '12345',
);

const configMapKeyMessage = regexError(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  configMapKey,
  'key.name',
  'KEY_NAME',
  'key-name',
);

function check(
  value: string,
  pattern: RegExp,
  message: string,
  max: number,
  unit: 'bytes' | 'characters' = 'characters',
): string[] {
  const errors: string[] = [];
  if (byteLength(value) > max) errors.push(maxLengthError(max, unit));
  if (!pattern.test(value)) errors.push(message);
  return errors;
}

/** A DNS label (RFC 1123): names of namespaces, containers, volumes. */
export const isDns1123Label = (value: string): string[] => check(value, labelRegExp, labelMessage, maxLabelLength);

/** A DNS subdomain (RFC 1123): names of most objects. */
export const isDns1123Subdomain = (value: string): string[] =>
  check(value, subdomainRegExp, subdomainMessage, maxSubdomainLength);

/** A domain in which names are looked for: a DNS subdomain whose labels may have underscores (KEP-4427). */
export const isSearchDomain = (value: string): string[] =>
  check(value, searchDomainRegExp, searchDomainMessage, maxSubdomainLength);

/** A DNS label (RFC 1035), which starts with a letter. */
export const isDns1035Label = (value: string): string[] =>
  check(value, label1035RegExp, label1035Message, maxLabelLength);

/** `*.` and a DNS subdomain. */
export const isWildcardDns1123Subdomain = (value: string): string[] =>
  check(
    value,
    wildcardRegExp,
    regexError(
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
      wildcard,
      '*.example.com',
    ),
    maxSubdomainLength,
  );

/** A key of labels, annotations, resources: a name of at most 63 bytes, optionally after a DNS subdomain and `/`. */
export function isQualifiedName(value: string): string[] {
  // Nearly all are as short and plain as this.
  if (value.length <= maxLabelLength && qualifiedNameRegExp.test(value)) return [];
  const errors: string[] = [];
  const parts = value.split('/');
  let name = value;
  if (parts.length === 2) {
    const prefix = parts[0]!;
    name = parts[1]!;
    if (prefix === '') errors.push('prefix part must be non-empty');
    else
      for (const error of check(prefix, subdomainRegExp, subdomainMessage, maxSubdomainLength, 'bytes'))
        errors.push(`prefix part ${error}`);
  } else if (parts.length > 2) {
    return [
      `a valid label key ${qualifiedNameMessage} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  if (name === '') errors.push('name part must be non-empty');
  else if (byteLength(name) > maxLabelLength) errors.push(`name part ${maxLengthError(maxLabelLength)}`);
  if (!qualifiedNameRegExp.test(name)) errors.push(`name part ${qualifiedNameMessage}`);
  return errors;
}

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** A finalizer of a built-in kind: its name is in somebody's domain, or one of Kubernetes' own. */
export function isFinalizerName(value: string): string[] {
  const errors = isQualifiedName(value);
  if (errors.length > 0 || value.includes('/') || standardFinalizers.has(value)) return errors;
  return ['name is neither a standard finalizer name nor is it fully qualified'];
}

/** The value of a label. */
export const isLabelValue = (value: string): string[] =>
  check(value, labelValueRegExp, labelValueMessage, maxLabelLength, 'bytes');

/** A domain of at least two segments. */
export function isFullyQualifiedDomainName(value: string): string[] {
  if (value === '') return ['must be non-empty'];
  const name = value.endsWith('.') ? value.slice(0, -1) : value;
  const errors = isDns1123Subdomain(name);
  if (errors.length > 0) return errors;
  const labels = name.split('.');
  if (labels.length < 2) return ['should be a domain with at least two segments separated by dots'];
  return labels.flatMap(isDns1123Label);
}

/** A name that is one segment of a URL path: RBAC's names. */
export function isPathSegmentName(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  const errors: string[] = [];
  for (const illegal of ['/', '%']) if (value.includes(illegal)) errors.push(`may not contain '${illegal}'`);
  return errors;
}

/** An environment variable's name: any printable ASCII but `=`. */
export function isEnvVarName(value: string): string[] {
  if (value === '') return ['environment variable name must be non-empty'];
  return /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** An environment variable's name by the older rule, which prefixes and keys turned into variables still follow. */
export function isStrictEnvVarName(value: string): string[] {
  const errors: string[] = [];
  if (!envVarNameRegExp.test(value)) {
    errors.push(
      regexError(
        "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
        envVarName,
        'my.env-name',
        'MY_ENV.NAME',
        'MyEnvName1',
      ),
    );
  }
  return [...errors, ...climbing(value)];
}

/** A key of a ConfigMap or Secret: a file name that stays in its folder. */
export function isConfigMapKey(value: string): string[] {
  const errors = check(value, configMapKeyRegExp, configMapKeyMessage, maxSubdomainLength);
  errors.push(...climbing(value));
  return errors;
}

function climbing(value: string): string[] {
  if (value === '.') return ["must not be '.'"];
  if (value === '..') return ["must not be '..'"];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}

/** A C identifier. */
export const isCIdentifier = (value: string): string[] =>
  cIdentifierRegExp.test(value)
    ? []
    : [
        regexError(
          "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
          cIdentifier,
          'my_name',
          'MY_NAME',
          'MyName',
        ),
      ];

/** A port's number. */
export const isPortNumber = (port: number): string[] =>
  port >= 1 && port <= 65535 ? [] : [inclusiveRangeError(1, 65535)];

/** A port's name (an IANA service name). */
export function isPortName(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > 15) errors.push(maxLengthError(15, 'characters'));
  if (!/^[-a-z0-9]+$/.test(value))
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)');
  if (value.includes('--')) errors.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

/** A user or group id. */
export const isUserId = (id: number): string[] =>
  id >= 0 && id <= 2147483647 ? [] : [inclusiveRangeError(0, 2147483647)];

/** An IPv4 or IPv6 address, in a form that all read alike (KEP-4858). */
export function isIp(value: string): string[] {
  if (isIPv4(value)) return [];
  if (isIPv6(value) && !value.includes('%')) return isMapped(value) ? ['must not be an IPv4-mapped IPv6 address'] : [];
  // Some read 010 as 8, others as 10.
  if (isIPv4(value.replace(/(^|\.)0+(?=\d)/g, '$1'))) return ['must not have leading 0s'];
  return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
}

/** An address range. */
export function isCidr(value: string): string[] {
  const slash = value.indexOf('/');
  const address = value.slice(0, Math.max(slash, 0));
  const bits = value.slice(slash + 1);
  const max = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : -1;
  return /^(0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= max
    ? []
    : ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'];
}

/** A percentage in string form. */
export const isValidPercent = (value: string): string[] =>
  percentRegExp.test(value)
    ? []
    : [regexError("a valid percent string must be a numeric string followed by an ending '%'", percent, '1%', '93%')];

/** An HTTP header's name. */
export const isHttpHeaderName = (value: string): string[] =>
  httpHeaderRegExp.test(value)
    ? []
    : [regexError("a valid HTTP header must consist of alphanumeric characters or '-'", httpHeader, 'X-Header-Name')];

/** Without vowels and digits that look like them, so that no words appear. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** Random text of upstream's alphabet, for generated names. */
export function randomSuffix(length = 5): string {
  let out = '';
  for (let i = 0; i < length; i++) out += alphabet[randomInt(alphabet.length)];
  return out;
}

/** A name made of `base` (cut to leave room within 63) and five random characters. */
export function generateName(base: string): string {
  return base.slice(0, maxLabelLength - 5) + randomSuffix();
}

/** Encodes a number in the alphabet that upstream uses for hashes in names (pod-template-hash): digit by digit. */
export function safeEncodeString(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; i++) out += alphabet[text.charCodeAt(i) % alphabet.length];
  return out;
}
