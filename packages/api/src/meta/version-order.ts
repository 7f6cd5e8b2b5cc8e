/** Orders versions as clients prefer them: stable before beta before alpha, higher before lower. */
export function byStability(a: string, b: string): number {
  const [x, y] = [rankOf(a), rankOf(b)];
  for (const [i, value] of x.entries()) if (value !== y[i]) return y[i]! - value;
  return a < b ? -1 : 1;
}

function rankOf(version: string): [number, number, number] {
  const found = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!found) return [-1, 0, 0];
  const stage = found[2] === 'alpha' ? 0 : found[2] === 'beta' ? 1 : 2;
  return [stage, Number(found[1]), Number(found[3] ?? 0)];
}
