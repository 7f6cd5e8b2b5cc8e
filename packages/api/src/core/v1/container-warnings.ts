import type { Container, EnvVar, EphemeralContainer } from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import { Quantity } from '../../meta/quantity.ts';

/** What a client is warned of in a container: amounts of bytes that are no whole number, and variables that hide others. */
export function containerWarnings({ env = [], resources }: Container | EphemeralContainer, at: string): string[] {
  const warnings: string[] = [];
  if (resources) {
    for (const name of ['memory', 'ephemeral-storage'])
      for (const list of ['limits', 'requests'] as const)
        append(warnings, fractionWarning(resources[list]?.[name], name, `${at}.resources.${list}`));
  }
  const names = new Set<string>();
  for (const [i, variable] of env.entries()) {
    const { name } = variable;
    if (!names.has(name)) names.add(name);
    else if (!isBuiltOnFormer(variable))
      warnings.push(
        `${at}.env[${i}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
      );
  }
  return warnings;
}

/** The same of amounts alone. */
export function fractionWarnings(amounts: Readonly<Record<string, string>>, at: string): string[] {
  return ['memory', 'ephemeral-storage'].flatMap((name) => fractionWarning(amounts[name], name, at));
}

function fractionWarning(amount: string | undefined, name: string, at: string): string[] {
  if (amount === undefined || Quantity.parse(amount).milliValue() % 1000n === 0n) return [];
  return [`${at}[${name}]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`];
}

/** A variable may be given anew as more than its former value: `PATH=$(PATH):/opt/bin`. */
function isBuiltOnFormer({ name, value = '', valueFrom }: EnvVar): boolean {
  const former = `$(${name})`;
  return !valueFrom && value !== former && value.includes(former);
}
