import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';

/** Something the user can put right; its message says what is wrong and what to do. Anything else that is thrown is a bug. */
export class SetupError extends Error {}

const colours = process.stderr.isTTY && !process.env.NO_COLOR;
const paint = (code, text) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);

/** Runs one step of set-up and says what it was and how long it took. */
export async function step(name, run) {
  const begin = Date.now();
  if (colours) process.stderr.write(`  … ${name}`);
  const clear = colours ? '\r\u001b[K' : '';
  try {
    await run();
  } catch (error) {
    process.stderr.write(`${clear}${paint(31, '  ✗')} ${name}\n`);
    throw error;
  }
  process.stderr.write(
    `${clear}${paint(32, '  ✓')} ${name} ${paint(2, `${((Date.now() - begin) / 1000).toFixed(1)} s`)}\n`,
  );
}

/**
 * Runs a command with its output in a log file. When it fails, throws a SetupError that names the log and shows its last lines,
 * with the advice added that `explain` finds for them.
 */
export async function logged(log, command, args, options = {}, explain = () => undefined) {
  const out = openSync(log, 'a');
  writeSync(out, `$ ${[command, ...args].join(' ')}\n`);
  const code = await new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', out, out] });
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(signal ?? status));
  }).finally(() => closeSync(out));
  if (code === 0) return;
  const text = readFileSync(log, 'utf8');
  const tail = text.slice(text.lastIndexOf('$ ')).trimEnd().split('\n').slice(-15);
  const advice =
    explain(tail.join('\n')) ??
    (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|Could not resolve|Could not connect/.test(tail.join('\n'))
      ? 'The network or a proxy seems to be missing; put that right and run it again.'
      : '');
  throw new SetupError(
    [
      `\`${[command, ...args].join(' ')}\` failed (${code}). Its last lines, from ${log}:`,
      ...tail.map((it) => `    ${it}`),
      advice,
    ]
      .filter(Boolean)
      .join('\n'),
  );
}

/** Runs `work` while no other set-up of this checkout does; waits for one that does, and takes over the lock of one that died. */
export async function underLock(file, work) {
  let told = false;
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = Number(readIfThere(file));
    if (!isAlive(holder)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!told) process.stderr.write(`  waiting for another set-up of this checkout (process ${holder})\n`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}

function isAlive(pid) {
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
