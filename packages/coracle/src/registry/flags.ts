import { boolFlag, type FlagValues, stringFlag } from '@coracle/process/flags';
import type { RegistryOptions } from './registry.ts';

/** The flags that say how a registry is reached. */
export const registryFlags = {
  authfile: stringFlag({
    help: "the `file` with credentials for registries, as Docker's config.json (default: that one)",
  }),
  'ca-file': stringFlag({ help: "the `file` of certificates that the registry's must be signed by" }),
  'plain-http': boolFlag({ help: 'reach the registry without encryption' }),
};

export const registryOptions = (flags: FlagValues<typeof registryFlags>): RegistryOptions => ({
  plainHttp: flags['plain-http'],
  authFile: flags.authfile,
  authorityFile: flags['ca-file'],
});
