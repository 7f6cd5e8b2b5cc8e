import { readFileSync } from 'node:fs';
import { defineFlags, stringFlag, stringSliceFlag } from '@coracle/process/flags';
import { program, UsageError } from '@coracle/process/program';
import { parseAddress } from './address.ts';
import { BackendsFile } from './backends-file.ts';
import { startBalancer } from './balancer.ts';

const flagSet = defineFlags({
  listen: stringFlag({ default: '127.0.0.1:6443', help: 'Address and port to take connections on.' }),
  backends: stringSliceFlag({ help: 'Servers to pass connections on to, host:port each, comma separated.' }),
  'backends-file': stringFlag({
    help: 'File that names the servers, as a JSON array of host:port, instead of --backends; read again when it changes.',
  }),
  'backend-ca-file': stringFlag({
    help: "File with the authority of the servers' certificates. With it a server must say on /readyz, over TLS, that it is ready; without it a TCP connection is enough, which a hung server still takes.",
  }),
});

await program(
  'load-balancer',
  flagSet,
  async ({ flags, log, signal }) => {
    const file = flags['backends-file'];
    if ((file === '') === (flags.backends.length === 0)) {
      throw new UsageError('one of --backends and --backends-file must be given');
    }
    const named = file === '' ? undefined : usable('backends-file', () => new BackendsFile(file));
    const balancer = await startBalancer({
      listen: usable('listen', () => parseAddress(flags.listen)),
      backends: named
        ? usable('backends-file', () => named.backends)
        : usable('backends', () => flags.backends.map(checked)),
      ...(flags['backend-ca-file'] === '' ? {} : { authority: readFileSync(flags['backend-ca-file'], 'utf8') }),
      log,
      signal,
    });
    named?.follow(
      signal,
      (backends) => balancer.setBackends(backends),
      (error) => log.error({ err: error, file }, 'Cannot use the file of backends; keeping those it named before'),
    );
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await balancer.close();
  },
  { description: 'load-balancer passes TCP connections on to the API servers that are ready.' },
);

function checked(address: string): string {
  parseAddress(address);
  return address;
}

/** Runs what parses a flag; says what is wrong with it as a mistake of the user. */
function usable<T>(flag: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError(`--${flag}: ${(error as Error).message}`);
  }
}
