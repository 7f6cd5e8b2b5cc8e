const trueWords = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const falseWords = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

/** strconv.ParseBool, with its error. */
export function parseBool(text: string): boolean {
  if (trueWords.includes(text)) return true;
  if (falseWords.includes(text)) return false;
  throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

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

const unitMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** time.ParseDuration in milliseconds, with its errors. */
export function parseDuration(text: string): number {
  const quoted = JSON.stringify(text);
  const signed = /^([+-]?)(.*)$/s.exec(text)!;
  const body = signed[2]!;
  if (body === '0') return 0;
  if (body === '') throw new Error(`time: invalid duration ${quoted}`);
  let total = 0;
  let rest = body;
  while (rest !== '') {
    const number = /^(\d+\.?\d*|\.\d+)/.exec(rest);
    if (!number) throw new Error(`time: invalid duration ${quoted}`);
    rest = rest.slice(number[0].length);
    const unit = /^[^0-9.]+/.exec(rest);
    if (!unit) throw new Error(`time: missing unit in duration ${quoted}`);
    const ms = unitMs[unit[0]];
    if (ms === undefined) throw new Error(`time: unknown unit ${JSON.stringify(unit[0])} in duration ${quoted}`);
    total += Number(number[0]) * ms;
    rest = rest.slice(unit[0].length);
  }
  return signed[1] === '-' ? -total : total;
}

/** time.Duration.String of milliseconds: `1m30s`, `500ms`, `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const sign = ms < 0 ? '-' : '';
  const abs = Math.abs(ms);
  if (abs < 1000) return `${sign}${trimZeros(abs)}ms`;
  const hours = Math.floor(abs / 3_600_000);
  const minutes = Math.floor((abs % 3_600_000) / 60_000);
  const seconds = trimZeros((abs % 60_000) / 1000);
  return `${sign}${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`;
}

const trimZeros = (value: number): string => String(Number(value.toFixed(9)));
