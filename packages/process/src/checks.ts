import { messageOf } from '@coracle/api/meta/message-of';

/** One named check of health; throws or rejects when it fails. */
export type Check = () => void | Promise<void>;
export type Checks = Readonly<Record<string, Check>>;

export interface CheckResult {
  status: 200 | 500;
  body: string;
}

/**
 * Runs the checks of an endpoint (`healthz`, `livez`, `readyz`) and words the answer as upstream's health endpoints do: `ok`, or a
 * line per check when one failed or `verbose` is asked for. `failed` gets what failed and why, once and where anything did (the
 * answer withholds it), `observed` what each check found.
 */
export async function runChecks(
  endpoint: string,
  checks: Checks,
  query: URLSearchParams,
  failed?: (failures: ReadonlyMap<string, unknown>) => void,
  observed?: (endpoint: string, check: string, passed: boolean) => void,
): Promise<CheckResult> {
  const excluded = new Set(query.getAll('exclude'));
  const lines: string[] = [];
  const failures = new Map<string, unknown>();
  for (const [name, check] of Object.entries({ ping: () => {}, ...checks })) {
    if (excluded.delete(name)) {
      lines.push(`[+]${name} excluded: ok`);
      continue;
    }
    try {
      await check();
      observed?.(endpoint, name, true);
      lines.push(`[+]${name} ok`);
    } catch (error) {
      failures.set(name, error);
      observed?.(endpoint, name, false);
      lines.push(`[-]${name} failed: reason withheld`);
    }
  }
  if (excluded.size > 0) {
    lines.push(
      `warn: some health checks cannot be excluded: no matches for ${[...excluded]
        .sort()
        .map((each) => JSON.stringify(each))
        .join(',')}`,
    );
  }
  if (failures.size === 0)
    return { status: 200, body: query.has('verbose') ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok' };
  failed?.(failures);
  return { status: 500, body: `${lines.join('\n')}\n${endpoint} check failed\n` };
}

/** What failed, by name, and why: as the log has it. */
export const reasonsOf = (failures: ReadonlyMap<string, unknown>): Record<string, string> =>
  Object.fromEntries([...failures].map(([check, error]) => [check, messageOf(error)]));
