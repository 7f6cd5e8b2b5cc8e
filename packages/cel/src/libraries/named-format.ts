import {
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isLabelValue,
  isQualifiedName,
} from '@coracle/api/meta/names';
import { readType } from '../check/type.ts';
import { regexFactor, sizeOf, traversal } from '../cost/factors.ts';
import { scale } from '../cost/range.ts';
import { EvaluationError } from '../evaluate/failure.ts';
import { type Library, overload } from '../functions/overload.ts';
import { readTimestamp } from '../functions/time-text.ts';
import { ArrayList, Opaque, Optional } from '../values.ts';

const type = readType('kubernetes.NamedFormat');

/** Which format it is cannot be told before it runs: estimates take each to be a pattern of this length. */
const longestPattern = 128;

/** A way a string may have to look; `check` names what is wrong. */
class NamedFormat extends Opaque {
  override readonly type = type;
  readonly name: string;
  readonly check: (text: string) => string[];

  constructor(name: string, check: (text: string) => string[]) {
    super();
    this.name = name;
    this.check = check;
  }

  override equals(other: Opaque): boolean {
    return other instanceof NamedFormat && other.name === this.name;
  }
}

/** What generateName may be: the beginning of a name, which may end with a dash. */
const asPrefix = (check: (text: string) => string[]) => (text: string) =>
  check(text.endsWith('-') ? `${text.slice(0, -1)}a` : text);
const matching = (pattern: RegExp, why: string) => (text: string) => (pattern.test(text) ? [] : [why]);

const formats: Readonly<Record<string, (text: string) => string[]>> = {
  dns1123Label: isDns1123Label,
  dns1123Subdomain: isDns1123Subdomain,
  dns1035Label: isDns1035Label,
  qualifiedName: isQualifiedName,
  dns1123LabelPrefix: asPrefix(isDns1123Label),
  dns1123SubdomainPrefix: asPrefix(isDns1123Subdomain),
  dns1035LabelPrefix: asPrefix(isDns1035Label),
  labelValue: isLabelValue,
  uri: (text) => (text.startsWith('/') || /^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(text) ? [] : ['invalid URI']),
  uuid: matching(
    /^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$/,
    'does not match the UUID format',
  ),
  byte: matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'invalid base64'),
  date: (text) => (/^\d{4}-\d\d-\d\d$/.test(text) ? valid(`${text}T00:00:00Z`, 'invalid date') : ['invalid date']),
  datetime: (text) => valid(text, 'invalid datetime'),
};

function valid(text: string, why: string): string[] {
  try {
    readTimestamp(text);
    return [];
  } catch (error) {
    if (error instanceof EvaluationError) return [why];
    throw error;
  }
}

const named = new Map(Object.entries(formats).map(([name, check]) => [name, new NamedFormat(name, check)]));

/** Named formats of strings (https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-format-library). */
export const namedFormat: Library = {
  ...Object.fromEntries(
    [...named].map(([name, format]) => [
      `format.${name}`,
      [overload(`format-${name}`, '() kubernetes.NamedFormat', () => format)],
    ]),
  ),
  'format.named': [
    overload(
      'format-named',
      '(string) optional(kubernetes.NamedFormat)',
      (name: string) => new Optional(named.get(name)),
    ),
  ],
  validate: [
    overload(
      'format-validate',
      'kubernetes.NamedFormat.(string) optional(list(string))',
      ({ check }: NamedFormat, text: string) => {
        const problems = check(text);
        return problems.length === 0 ? Optional.none : new Optional(new ArrayList(problems));
      },
      {
        cost: ([, text]) => Math.ceil(sizeOf(text!) * traversal * 2),
        estimate: ([, text]) => ({ cost: scale(scale(text!.size, traversal), longestPattern * regexFactor) }),
      },
    ),
  ],
};
