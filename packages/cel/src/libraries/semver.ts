import { readType } from '../check/type.ts';
import { EvaluationError } from '../evaluate/failure.ts';
import { type Library, overload } from '../functions/overload.ts';
import { Opaque } from '../values.ts';
import { readingEstimate, succeeds } from './ip.ts';

const type = readType('kubernetes.Semver');

class Version extends Opaque {
  override readonly type = type;
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly prerelease: readonly string[];

  constructor(numbers: readonly [bigint, bigint, bigint], prerelease: readonly string[]) {
    super();
    this.numbers = numbers;
    this.prerelease = prerelease;
  }

  override equals(other: Opaque): boolean {
    return other instanceof Version && compare(this, other) === 0;
  }
}

const numeric = '(0|[1-9]\\d*)';
const identifier = '(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
const pattern = new RegExp(
  `^${numeric}\\.${numeric}\\.${numeric}(?:-(${identifier}(?:\\.${identifier})*))?(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?$`,
);

/** Reads a version (https://semver.org); normalized, also `v1.0` and `01.01.0`. Throws EvaluationError. */
function read(text: string, normalize = false): Version {
  const found = pattern.exec(normalize ? normalized(text) : text);
  if (!found) throw new EvaluationError(whyNot(text));
  const [, major = '0', minor = '0', patch = '0', prerelease] = found;
  return new Version([BigInt(major), BigInt(minor), BigInt(patch)], prerelease?.split('.') ?? []);
}

function normalized(text: string): string {
  const [, core = '', rest = ''] = /^v?([^-+]*)(.*)$/s.exec(text) ?? [];
  const parts = core.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
  while (parts.length < 3) parts.push('0');
  return parts.join('.') + rest;
}

function whyNot(text: string): string {
  if (text === '') return 'Version string empty';
  const parts = text.split('.');
  if (parts.length < 3) return 'No Major.Minor.Patch elements found';
  const [major = '', minor = ''] = parts;
  for (const [name, part] of [
    ['major', major],
    ['minor', minor],
  ] as const) {
    if (!/^\d+$/.test(part)) return `Invalid character(s) found in ${name} number ${JSON.stringify(part)}`;
    if (/^0\d/.test(part))
      return `${name === 'major' ? 'Major' : 'Minor'} number must not contain leading zeroes ${JSON.stringify(part)}`;
  }
  return `Invalid character(s) found in patch number ${JSON.stringify(parts.slice(2).join('.'))}`;
}

/** Precedence: numbers, then prereleases, which come before the release; build metadata does not count. */
function compare(a: Version, b: Version): number {
  for (let i = 0; i < 3; i++) {
    if (a.numbers[i] !== b.numbers[i]) return a.numbers[i]! < b.numbers[i]! ? -1 : 1;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0)
    return Math.sign(b.prerelease.length - a.prerelease.length);
  for (let i = 0; i < Math.min(a.prerelease.length, b.prerelease.length); i++) {
    const order = compareIdentifiers(a.prerelease[i]!, b.prerelease[i]!);
    if (order !== 0) return order;
  }
  return Math.sign(a.prerelease.length - b.prerelease.length);
}

function compareIdentifiers(a: string, b: string): number {
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (x !== y) return x ? -1 : 1;
  if (a === b) return 0;
  if (x) return BigInt(a) < BigInt(b) ? -1 : 1;
  return a < b ? -1 : 1;
}

const v = 'kubernetes.Semver';

/** Semantic versions (https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-semver-library). */
export const semver: Library = {
  semver: [
    overload('string_to_semver', `(string) ${v}`, (text: string) => read(text), readingEstimate),
    overload('string_bool_to_semver', `(string, bool) ${v}`, read, readingEstimate),
  ],
  isSemver: [
    overload('is_semver_string', '(string) bool', (text: string) => succeeds(() => read(text)), readingEstimate),
    overload(
      'is_semver_string_bool',
      '(string, bool) bool',
      (text: string, normalize: boolean) => succeeds(() => read(text, normalize)),
      readingEstimate,
    ),
  ],
  major: [overload('semver_major', `${v}.() int`, ({ numbers }: Version) => numbers[0])],
  minor: [overload('semver_minor', `${v}.() int`, ({ numbers }: Version) => numbers[1])],
  patch: [overload('semver_patch', `${v}.() int`, ({ numbers }: Version) => numbers[2])],
  isGreaterThan: [
    overload('semver_is_greater_than', `${v}.(${v}) bool`, (a: Version, b: Version) => compare(a, b) > 0),
  ],
  isLessThan: [overload('semver_is_less_than', `${v}.(${v}) bool`, (a: Version, b: Version) => compare(a, b) < 0)],
  compareTo: [overload('semver_compare_to', `${v}.(${v}) int`, (a: Version, b: Version) => BigInt(compare(a, b)))],
};
