import { isIPv4, isIPv6 } from 'node:net';
import { isDns1123Label, isDns1123Subdomain } from '../meta/names.ts';

type Check = (text: string) => boolean;

const uuid = (version: string) => {
  const variant = version === '[0-9a-f]' || version === '3' ? '[0-9a-f]' : '[89ab]';
  return new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`, 'i');
};

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
  const found = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?$/.exec(text);
  if (!found || !isDate(found[1]!)) return false;
  return Number(found[2]) < 24 && Number(found[3]) < 60 && Number(found[4] ?? 0) < 60;
}

const goDuration = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const wordyDuration =
  /^\s*\d+\s*(?:ns|nanos?|us|µs|micros?|ms|millis?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)s?\s*$/;

function isCidr(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash < 0 || !/^\d{1,3}$/.test(text.slice(slash + 1))) return false;
  const [address, bits] = [text.slice(0, slash), Number(text.slice(slash + 1))];
  return isIPv4(address) ? bits <= 32 : isIPv6(address) && bits <= 128;
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
  const digits = text.replace(/[\s-]/g, '');
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
  /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\.?$/;
const channel = '(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])';

/**
 * The formats of strings that schemas can ask for; others say nothing. `password` and the formats of numbers take any value.
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation)
 */
const formats: Readonly<Record<string, Check>> = {
  bsonobjectid: matches(/^[0-9a-f]{24}$/i),
  uri: (text) => /^[a-z][a-z\d+.-]*:[^\s]+$/i.test(text) || /^\/[^\s]*$/.test(text),
  email: matches(/^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/),
  hostname: (text) => text.length <= 255 && hostname.test(text),
  ipv4: isIPv4,
  ipv6: isIPv6,
  cidr: isCidr,
  mac: matches(
    /^(?:[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?:(?::[0-9a-f]{2}){2})?|[0-9a-f]{2}(?:-[0-9a-f]{2}){5}(?:(?:-[0-9a-f]{2}){2})?|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}(?:\.[0-9a-f]{4})?)$/i,
  ),
  uuid: matches(uuid('[0-9a-f]')),
  uuid3: matches(uuid('3')),
  uuid4: matches(uuid('4')),
  uuid5: matches(uuid('5')),
  isbn: (text) => isIsbn(text, 10) || isIsbn(text, 13),
  isbn10: (text) => isIsbn(text, 10),
  isbn13: (text) => isIsbn(text, 13),
  creditcard: isCreditCard,
  ssn: matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: matches(/^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i),
  rgbcolor: matches(new RegExp(`^rgb\\(\\s*${channel}\\s*,\\s*${channel}\\s*,\\s*${channel}\\s*\\)$`)),
  byte: matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})?$/),
  date: isDate,
  duration: (text) => goDuration.test(text) || wordyDuration.test(text),
  datetime: isDateTime,
  'k8s-short-name': (text) => isDns1123Label(text).length === 0,
  'k8s-long-name': (text) => isDns1123Subdomain(text).length === 0,
};

const takesAnything = new Set(['password', 'int32', 'int64', 'float', 'double', 'int-or-string']);

/** The check of a format; `date-time` and `datetime` are the same. Undefined: the format says nothing about strings. */
export function formatCheck(format: string): Check | undefined {
  const name = format.replaceAll('-', '') === 'datetime' ? 'datetime' : format;
  return Object.hasOwn(formats, name) ? formats[name] : undefined;
}

/** Whether a format has a meaning; definitions that name another are warned of. */
export const isKnownFormat = (format: string): boolean =>
  formatCheck(format) !== undefined || takesAnything.has(format);
