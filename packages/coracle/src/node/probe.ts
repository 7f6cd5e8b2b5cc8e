import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Probe } from './settings.ts';

const interval = 20;

/** Resolves to true when a service answers; to false when `signal` ends the wait before. */
export async function whenAnswering(probe: Probe, signal: AbortSignal): Promise<boolean> {
  if ('https' in probe) return ended(probe.https, signal);
  while (!signal.aborted) {
    if (await accepts(probe)) return !signal.aborted;
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
  return false;
}

/** Whether somebody accepts a connection there now. */
export function accepts(probe: Exclude<Probe, { https: unknown }>, timeout = 1000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = 'unix' in probe ? connect(probe.unix) : connect(probe.tcp);
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeout, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** Lets await-ready.ts wait. */
function ended({ url, authority }: { url: string; authority: string }, signal: AbortSignal): Promise<boolean> {
  const program = fileURLToPath(new URL('./await-ready.ts', import.meta.url));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, url, authority], {
      stdio: ['ignore', 'ignore', 'inherit'],
      signal,
    });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}
