import { kubectl } from './kubectl.ts';

/** A reader that went away (`kubectl get | head`) ends the command quietly. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
}

function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => controller.abort(new Error(name)));
  }
  return controller.signal;
}

const { stdin, stdout, stderr, env } = process;
const exitCode = await kubectl(process.argv.slice(2), { stdin, stdout, stderr, env, cwd: process.cwd(), interrupted });
// A half-read stdin would hold the process: it ends by itself once the output is flushed.
await Promise.all([stdout, stderr].map((stream) => new Promise<void>((done) => stream.write('', () => done()))));
process.exit(exitCode);
