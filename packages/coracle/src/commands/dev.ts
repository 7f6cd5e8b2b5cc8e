import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { boolFlag, FlagError, intFlag, stringFlag, stringSliceFlag } from '@coracle/process/flags';
import { logger, setVerbosity } from '@coracle/process/log';
import { command } from '../cli/command.ts';
import { fail } from '../failure.ts';

export default command({
  name: 'dev',
  about: 'run an API server and controllers in this process',
  arguments: { usage: '[-- COMMAND [ARG]...]', least: 0, most: Number.POSITIVE_INFINITY },
  description: `Runs the API server and the controllers in this process, with objects in memory: for writing and trying clients and controllers. It
needs no etcd, no containers and no rights, and leaves nothing behind. Pods stay Pending, as nothing schedules or runs them.

With a command, runs that with KUBECONFIG set, and ends with its exit code as it ends. Without one, runs until it is interrupted.`,
  examples: ['coracle dev', 'coracle dev -- npm test', 'coracle dev --port 8001 --controllers=*,-endpoint-controller'],
  flags: {
    port: intFlag({ help: 'where to listen on 127.0.0.1; 0 takes any free port' }),
    kubeconfig: stringFlag({ help: 'a `file` to write the kubeconfig to, instead of one that is removed at the end' }),
    controllers: stringSliceFlag({ default: ['*'], help: "as kube-controller-manager's" }),
    'no-controllers': boolFlag({ help: 'run the API server alone' }),
    v: intFlag({ shorthand: 'v', default: 0, help: 'how much the controllers tell, from 0 to 10' }),
  },
  async run({ flags, args, changed }) {
    if (flags['no-controllers'] && changed.has('controllers'))
      throw new FlagError('--controllers has no place beside --no-controllers');
    setVerbosity(flags.v);
    const log = logger('dev');
    if (flags.v === 0) log.level = 'warn';
    const { startDevServer } = await import('../dev/dev-server.ts');
    const controllers = flags['no-controllers'] ? [] : flags.controllers;
    const server = await startDevServer({ port: flags.port, controllers, log }).catch((error) => {
      if (error.name === 'UnknownController') throw new FlagError(error.message);
      if (error.code === 'EADDRINUSE')
        fail(`port ${flags.port} of 127.0.0.1 is taken`, { next: '--port 0 takes any free one.' });
      throw error;
    });
    const folder = flags.kubeconfig === '' ? mkdtempSync(join(tmpdir(), 'coracle-dev-')) : undefined;
    const file = folder ? join(folder, 'kubeconfig') : flags.kubeconfig;
    try {
      writeFileSync(file, server.kubeconfig, { mode: 0o600 });
      return args.length > 0 ? await runWith(file, args) : await untilStopped(server.url, file);
    } finally {
      await server.close();
      if (folder) rmSync(folder, { recursive: true, force: true });
    }
  },
});

/** Runs a command with that kubeconfig; resolves to its exit code, 128 and the number of the signal that ended it. */
function runWith(file: string, [program, ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program!, args, { stdio: 'inherit', env: { ...process.env, KUBECONFIG: file } });
    // The terminal sends these to both: the command decides what becomes of them.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
    child.once('error', (error) => {
      process.stderr.write(`error: ${program} cannot be run: ${error.message}\n`);
      resolve(127);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
  });
}

async function untilStopped(url: string, file: string): Promise<number> {
  process.stderr.write(`API server on ${url}, objects in memory. Ctrl-C ends it.

  export KUBECONFIG=${file}
  bin/kubectl api-resources
`);
  await new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });
  return 0;
}
