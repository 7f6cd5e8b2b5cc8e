/**
 * The number an IntOrString stands for: an integer as it is, `"25%"` as that share of `total`, rounded up or down. undefined is 0.
 * Throws on any other string.
 */
export function resolveIntOrPercent(value: number | string | undefined, total: number, roundUp: boolean): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  if (!value.endsWith('%')) throw new Error('invalid value for IntOrString: invalid type: string is not a percentage');
  const digits = value.slice(0, -1);
  if (!/^[+-]?\d+$/.test(digits)) {
    throw new Error(
      `invalid value for IntOrString: invalid value ${JSON.stringify(value)}: strconv.Atoi: parsing ${JSON.stringify(digits)}: invalid syntax`,
    );
  }
  const share = (Number(digits) * total) / 100;
  return roundUp ? Math.ceil(share) : Math.floor(share);
}

/** Whether an IntOrString is a percentage (`"25%"`). */
export function isPercent(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9]+%$/.test(value);
}
