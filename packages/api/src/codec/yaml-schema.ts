import {
  boolYaml11Tag,
  defineScalarTag,
  mapTag,
  mergeTag,
  NOT_RESOLVED,
  nullYaml11Tag,
  Schema,
  seqTag,
  strTag,
} from 'js-yaml';
import { isBase64 } from './base64.ts';

const numberStarts = ['-', '+', '.', ...'0123456789'];
const floatPattern = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

/** How long a number may be; a longer text is not looked at for one. */
const longestNumber = 4096;

/** What is written as JSON writes it and no double rounds, as nearly all are. */
const plainDecimal = /^(?:0|-?[1-9][0-9]{0,14})$/;

/** An integer of 64 bits in Go's notations (decimal, 0x, 0b, 0o and plain 0 for octal); undefined where the text is none. */
function integer(text: string): number | bigint | undefined {
  if (plainDecimal.test(text)) return Number(text);
  const match = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/.exec(text);
  if (!match) return undefined;
  const digits = match[2]!;
  const magnitude = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const value = match[1] === '-' ? -magnitude : magnitude;
  if (value < -(2n ** 63n) || value >= 2n ** 64n) return undefined;
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

const intTag = defineScalarTag<number | bigint>('tag:yaml.org,2002:int', {
  implicit: true,
  implicitFirstChars: numberStarts,
  resolve: (source) =>
    source.length > longestNumber ? NOT_RESOLVED : (integer(source.replaceAll('_', '')) ?? NOT_RESOLVED),
  identify: () => false,
});

const special: Readonly<Record<string, number>> = Object.fromEntries([
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN]),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Number.POSITIVE_INFINITY]),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY]),
]);

const floatTag = defineScalarTag<number>('tag:yaml.org,2002:float', {
  implicit: true,
  implicitFirstChars: numberStarts,
  resolve: (source, isExplicit) => {
    if (source.length > longestNumber) return NOT_RESOLVED;
    if (Object.hasOwn(special, source)) return special[source]!;
    const plain = source.replaceAll('_', '');
    if (!floatPattern.test(plain) && !(isExplicit && integer(plain) !== undefined)) return NOT_RESOLVED;
    const value = Number(plain);
    return Number.isFinite(value) ? value : NOT_RESOLVED;
  },
  identify: () => false,
});

/** Bytes become the text they encode, as in Go. */
const binaryTag = defineScalarTag<string>('tag:yaml.org,2002:binary', {
  resolve: (source) => {
    const input = source.replace(/\s/g, '');
    return isBase64(input) ? Buffer.from(input, 'base64').toString('utf8') : NOT_RESOLVED;
  },
  identify: () => false,
});

const tags = [strTag, seqTag, mapTag, nullYaml11Tag, boolYaml11Tag, intTag, floatTag, mergeTag, binaryTag];

/**
 * How manifests are read: YAML 1.1's words and numbers as upstream's parser takes them; dates and base-60 numbers stay text. `repeated` is called
 * whenever a mapping is given a key that it has.
 */
export function manifestSchema(repeated: () => void): Schema {
  const addPair: typeof mapTag.addPair = (container, key, value) => {
    if (mapTag.has(container, key)) repeated();
    return mapTag.addPair(container, key, value);
  };
  return new Schema([...tags, { ...mapTag, addPair }]);
}
