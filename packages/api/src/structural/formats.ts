import { isIPv4, isIPv6 } from 'node:net';
import type { JSONSchemaProps } from '../generated/apiextensions/v1.ts';
import { isDns1123Label, isDns1123Subdomain } from '../meta/names.ts';
import { isMailAddress } from './mail-address.ts';
import { isRequestUri } from './request-uri.ts';

type Check = (text: string) => boolean;

const uuid = (version: string, variant = '[0-9a-f]') =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`, 'i');

const matches =
  (pattern: RegExp): Check =>
  (text) =>
    pattern.test(text);

const days = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDate(text: string): boolean {
  const found = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (!found) return false;
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
  if (month < 1 || month > 12 || day < 1 || day > days[month - 1]!) return false;
  return month !== 2 || day < 29 || (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0));
}

function isDateTime(text: string): boolean {
  const [date = '', time = ''] = text.toLowerCase().split('t');
  const found = /^(\d\d):(\d\d):(\d\d)(?:.\d+)?(?:z|[+-]\d\d:\d\d)$/.exec(time);
  return found !== null && isDate(date) && found[1]! < '24' && found[2]! < '60' && found[3]! < '60';
}

const goDuration = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const amounts = /\d+[\t\n\f\r ]*([A-Za-zµ]+)/g;
const unit = /^(?:ns|us|µs|ms|s|m|h|hr|d|w|wk|(?:nano|micro|milli|sec|min|hour|day|week).*)$/;

/** As Go has it, or amounts of units in words anywhere in the text. */
const isDuration: Check = (text) =>
  goDuration.test(text) || [...text.matchAll(amounts)].some(([, name]) => unit.test(name!.toLowerCase()));

/** IPv4 addresses may have leading zeros, as they could once be read. */
const isIpv4Sloppy = (text: string): boolean => isIPv4(text.replace(/\b0+(?=\d)/g, ''));
const isPlainIpv6 = (text: string): boolean => isIPv6(text) && !text.includes('%');

function isCidr(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash < 0 || !/^\d+$/.test(text.slice(slash + 1))) return false;
  const [address, bits] = [text.slice(0, slash), Number(text.slice(slash + 1))];
  return isIpv4Sloppy(address) ? bits <= 32 : isPlainIpv6(address) && bits <= 128;
}

/** The sum of an ISBN-10's or ISBN-13's digits decides whether it is one. */
function isIsbn(text: string, length: 10 | 13): boolean {
  const digits = text.replace(/[\s-]/g, '');
  if (length === 10) {
    if (!/^\d{9}[\dX]$/.test(digits)) return false;
    const sum = [...digits].reduce((all, digit, i) => all + (10 - i) * (digit === 'X' ? 10 : Number(digit)), 0);
    return sum % 11 === 0;
  }
  return (
    /^\d{13}$/.test(digits) &&
    [...digits].reduce((all, digit, i) => all + Number(digit) * (i % 2 ? 3 : 1), 0) % 10 === 0
  );
}

function isCreditCard(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  if (
    !/^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/.test(
      digits,
    )
  )
    return false;
  let sum = 0;
  for (let i = digits.length - 1, second = false; i >= 0; i--, second = !second) {
    const digit = Number(digits[i]) * (second ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

const hostname =
  /^(?:[a-zA-Z0-9\p{S}\p{L}]-?[a-zA-Z0-9\p{S}\p{L}]{0,62}|(?:[a-zA-Z0-9\p{S}\p{L}](?:[a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?\.)+[a-zA-Z\p{L}]{2,63})$/u;
const isHostname: Check = (text) =>
  Buffer.byteLength(text) <= 255 &&
  hostname.test(text) &&
  text.split('.').every((each) => Buffer.byteLength(each) <= 63);

/** Of 6, 8 or 20 octets, between one sort of separators. */
const hardwareAddress =
  /^(?:(?:[0-9a-f]{2}:){5}(?:(?:[0-9a-f]{2}:){2}(?:(?:[0-9a-f]{2}:){12})?)?[0-9a-f]{2}|(?:[0-9a-f]{2}-){5}(?:(?:[0-9a-f]{2}-){2}(?:(?:[0-9a-f]{2}-){12})?)?[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}(?:[0-9a-f]{4}\.(?:(?:[0-9a-f]{4}\.){6})?)?[0-9a-f]{4})$/i;

const channel = '(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])';

/**
 * The formats of strings that schemas can ask for; hyphens in their names do not count, but for those of the last two.
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation)
 */
const formats: Readonly<Record<string, Check>> = {
  bsonobjectid: matches(/^[0-9a-f]{24}$/i),
  uri: isRequestUri,
  email: isMailAddress,
  hostname: isHostname,
  ipv4: (text) => isIpv4Sloppy(text) || (text.includes('.') && isPlainIpv6(text)),
  ipv6: isPlainIpv6,
  cidr: isCidr,
  mac: matches(hardwareAddress),
  uuid: matches(uuid('[0-9a-f]')),
  uuid3: matches(uuid('3')),
  uuid4: matches(uuid('4', '[89ab]')),
  uuid5: matches(uuid('5', '[89ab]')),
  isbn: (text) => isIsbn(text, 10) || isIsbn(text, 13),
  isbn10: (text) => isIsbn(text, 10),
  isbn13: (text) => isIsbn(text, 13),
  creditcard: isCreditCard,
  ssn: matches(/^\d{3}[- ]\d{2}[- ]\d{4}$/),
  hexcolor: matches(/^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i),
  rgbcolor: matches(new RegExp(`^rgb\\(\\s*${channel}\\s*,\\s*${channel}\\s*,\\s*${channel}\\s*\\)$`)),
  byte: matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  'k8s-short-name': (text) => isDns1123Label(text).length === 0,
  'k8s-long-name': (text) => isDns1123Subdomain(text).length === 0,
};

const numberFormats: Readonly<Record<string, readonly string[]>> = {
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
};

/** The check of a format of strings. Undefined: it takes any value. */
export const formatCheck = (format: string): Check | undefined => formats[normal(format)];

const normal = (format: string): string => (Object.hasOwn(formats, format) ? format : format.replaceAll('-', ''));

/** The format of a schema, where it is one that values of its type can have; others say nothing. */
export function formatOf({
  type,
  format,
  'x-kubernetes-int-or-string': intOrString,
}: JSONSchemaProps): string | undefined {
  if (!format) return undefined;
  const known =
    intOrString || !type || type === 'string'
      ? Object.hasOwn(formats, normal(format))
      : numberFormats[type]?.includes(format);
  return known ? format : undefined;
}
