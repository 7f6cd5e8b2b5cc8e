/** strconv.ParseInt with base 0, with its errors. */
export function parseInteger(text: string, bits: 32 | 64 = 64): number {
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/.exec(text);
  if (!match) throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const digits = match[2]!;
  const literal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  const value = BigInt(literal) * (match[1] === '-' ? -1n : 1n);
  const limit = 1n << BigInt(bits - 1);
  if (value >= limit || value < -limit)
    throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  return Number(value);
}
