import { UsageError } from '@coracle/process/program';

/** What --authorization-mode can name. */
export const authorizationModes = ['ABAC', 'AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC', 'Webhook'];

/** The flags that name authorizers, and the files some of them need. */
export interface ModeFlags {
  readonly 'authorization-mode': readonly string[];
  readonly 'authorization-policy-file': string;
  readonly 'authorization-webhook-config-file': string;
}

/** Refuses modes that do not exist, that are named twice, or whose file is missing, and files without their mode; with upstream's words. */
export function checkModes(flags: ModeFlags): void {
  const modes = flags['authorization-mode'];
  const has = (mode: string) => modes.includes(mode);
  const errors: string[] = [];
  if (modes.length === 0) errors.push('at least one authorization-mode must be passed');
  for (const mode of modes) {
    if (!authorizationModes.includes(mode)) {
      errors.push(`authorization-mode ${JSON.stringify(mode)} is not a valid mode`);
    }
  }
  const needed = (
    mode: string,
    flag: 'authorization-policy-file' | 'authorization-webhook-config-file',
    what: string,
  ) => {
    if (has(mode) && flags[flag] === '') errors.push(`authorization-mode ${mode}'s authorization ${what} not passed`);
    if (!has(mode) && flags[flag] !== '') errors.push(`cannot specify --${flag} without mode ${mode}`);
  };
  needed('ABAC', 'authorization-policy-file', 'policy file');
  needed('Webhook', 'authorization-webhook-config-file', 'config file');
  if (new Set(modes).size !== modes.length) {
    errors.push(`authorization-mode ${goList(modes)} has mode specified more than once`);
  }
  if (errors.length > 0) throw new UsageError(errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`);
}

const goList = (names: readonly string[]): string => `[${names.map((name) => JSON.stringify(name)).join(' ')}]`;
