import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';

/**
 * Continues as another program: a launcher as it is, a TypeScript or JavaScript file with the pinned Node.js. Signals that only this
 * process got are passed on, and its end becomes ours.
 */
export function replaceBy(node, root, program, args) {
  const isScript = /\.(ts|mjs|js)$/.test(program);
  const command = isScript ? node : program;
  const options = isScript ? ['--disable-warning=ExperimentalWarning', program, ...args] : args;
  const env = {
    NODE_COMPILE_CACHE: join(root, '.cache/compile'),
    ...process.env,
    PATH: [join(node, '..'), join(root, 'toolchain/node_modules/.bin'), process.env.PATH].join(':'),
  };
  const child = spawn(command, options, { stdio: 'inherit', env });
  // Ctrl-C reaches the whole process group, the program among it; here it must only not end us first.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => {
    console.error(`set-up: cannot run ${command}: ${error.message}`);
    process.exitCode = 1;
  });
  child.once('exit', (code, signal) => {
    process.exitCode = signal ? 128 + constants.signals[signal] : (code ?? 1);
  });
}
