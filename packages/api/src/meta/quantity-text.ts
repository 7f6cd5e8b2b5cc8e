/** The notation a quantity is written in, and keeps: `500m`, `1Gi`, `1e3`. */
export type Format = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** A quantity's value is `digits * 10^-scale * 2^binary`, where `binary` is 0 in the decimal notations. */
export interface QuantityText {
  readonly negative: boolean;
  readonly digits: string;
  readonly scale: number;
  readonly binary: number;
  readonly format: Format;
}

export const formatError =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
export const suffixError = "unable to parse quantity's suffix";
export const numericError = 'unable to parse numeric part of quantity';

const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binaryExponents: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

export const decimalSuffixes: ReadonlyMap<number, string> = new Map(
  Object.entries(decimalExponents).map(([suffix, exponent]) => [exponent, suffix]),
);
export const binarySuffixes: readonly string[] = ['', ...Object.keys(binaryExponents)];

const isDigit = (c: number): boolean => c >= 48 && c <= 57;

/** Takes a quantity's text apart; throws with upstream's three error texts. */
export function readQuantity(text: string): QuantityText {
  if (text === '') throw new Error(formatError);
  const end = text.length;
  let at = 0;
  const negative = text[0] === '-';
  if (negative || text[0] === '+') at++;
  while (at < end && text.charCodeAt(at) === 48) at++;
  const wholeStart = at;
  while (at < end && isDigit(text.charCodeAt(at))) at++;
  const whole = text.slice(wholeStart, at);
  let fraction = '';
  if (text[at] === '.') {
    const start = ++at;
    while (at < end && isDigit(text.charCodeAt(at))) at++;
    fraction = text.slice(start, at);
  }
  const suffix = readSuffix(text, at);
  const notation = interpret(suffix);
  if (!notation) throw new Error(suffixError);
  const { exponent, binary, format } = notation;
  return { negative, digits: whole + fraction, scale: fraction.length - exponent, binary, format };
}

function readSuffix(text: string, start: number): string {
  let at = start;
  while (at < text.length && 'eEinumkKMGTP'.includes(text[at]!)) at++;
  if (text[at] === '-' || text[at] === '+') at++;
  while (at < text.length && isDigit(text.charCodeAt(at))) at++;
  if (at < text.length) throw new Error(formatError);
  return text.slice(start);
}

function interpret(suffix: string): { exponent: number; binary: number; format: Format } | undefined {
  if (Object.hasOwn(decimalExponents, suffix)) {
    return { exponent: decimalExponents[suffix]!, binary: 0, format: 'DecimalSI' };
  }
  if (Object.hasOwn(binaryExponents, suffix))
    return { exponent: 0, binary: binaryExponents[suffix]!, format: 'BinarySI' };
  const exponent = /^[eE]([-+]?\d+)$/.exec(suffix)?.[1];
  // Beyond this, upstream overflows; nothing real is that large or small, and 10^exponent must be computable.
  if (exponent === undefined || Math.abs(Number(exponent)) > 1000) return undefined;
  return { exponent: Number(exponent), binary: 0, format: 'DecimalExponent' };
}
