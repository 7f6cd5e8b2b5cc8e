import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** One thing to run: a name to show and a command line. Its output is shown only when it fails, unless `live`. */
export interface Step {
  name: string;
  command: string;
  args: readonly string[];
  live?: boolean;
  env?: Record<string, string>;
}

/** Runs a step in the checkout's root; prints one line with its outcome and time. Resolves to whether it succeeded. */
export async function runStep(step: Step): Promise<boolean> {
  const started = performance.now();
  const child = spawn(step.command, step.args, {
    cwd: root,
    stdio: ['ignore', step.live ? 'inherit' : 'pipe', step.live ? 'inherit' : 'pipe'],
    env: { ...process.env, ...step.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` },
  });
  const output: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number>((resolve) => {
    child.on('error', (error) => {
      output.push(Buffer.from(`${error.message}\n`));
      resolve(127);
    });
    child.on('close', (status, signal) => resolve(status ?? (signal ? 128 : 1)));
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'}  ${step.name}  (${seconds} s)`);
  if (code !== 0) process.stdout.write(Buffer.concat(output));
  return code === 0;
}
