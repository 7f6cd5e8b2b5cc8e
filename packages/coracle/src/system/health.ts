import { readFileSync } from 'node:fs';
import { get as tlsGet } from 'node:https';
import { connect } from 'node:net';
import { get as plainGet } from '@coracle/client/plain-http';
import { fail } from '../failure.ts';
import type { Deployment } from './deployment.ts';
import type { Machine } from './machine.ts';

const interval = 50;
const patience = 2000;

/** Whether a check passes now. */
export type Check = () => Promise<boolean>;

/**
 * The check a text names; undefined for an empty one. Throws Failure for what is none:
 * - `tcp://HOST:PORT` or `unix:///PATH`: somebody accepts connections there
 * - `http://…`, `https://…`: the answer is 2xx or 3xx; a certificate of the authority in a file is wanted
 * - `exec:PROGRAM ARGUMENT …`: that ends with 0 within the container
 */
export function parseCheck(
  text: string,
  authority: string,
  exec: (command: readonly string[]) => Promise<boolean>,
): Check | undefined {
  if (text === '') return undefined;
  if (text.startsWith('exec:')) {
    const command = text.slice('exec:'.length).split(' ').filter(Boolean);
    if (command.length > 0) return () => exec(command);
  } else if (URL.canParse(text)) {
    const url = new URL(text);
    if (url.protocol === 'tcp:' && url.hostname && url.port) {
      return () => accepts({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) });
    }
    if (url.protocol === 'unix:' && url.pathname) return () => accepts({ path: url.pathname });
    if (url.protocol === 'http:') return () => answers(url);
    if (url.protocol === 'https:') {
      const certificates = authority === '' ? undefined : readAuthority(authority);
      return () => answers(url, certificates);
    }
  }
  return fail(`${JSON.stringify(text)} is no check of a container's health`, {
    next: 'It is tcp://HOST:PORT, unix:///PATH, http://… or https://…, exec:PROGRAM … or nothing.',
  });
}

/**
 * Resolves to undefined once a deployment's unit runs and its check passes, or to what is wrong when that takes longer than `limit`
 * milliseconds, or the unit has failed for good.
 */
export async function whenHealthy(
  machine: Machine,
  deployment: Deployment,
  limit?: number,
): Promise<string | undefined> {
  const { name, health } = deployment;
  const check = health && parseCheck(health.check, health.authority, (command) => machine.exec(name, command));
  const wanted = limit ?? (health?.timeoutSeconds ?? 60) * 1000;
  const least = check ? machine.steady.checked : machine.steady.unchecked;
  const time = Math.max(wanted, 2 * least);
  const deadline = Date.now() + time;
  let since = Date.now();
  let invocation: string | undefined;
  for (;;) {
    const state = await machine.state(name);
    if (state.active === 'failed') return `its unit has failed (${state.sub})`;
    if (state.invocation !== invocation) {
      invocation = state.invocation;
      since = Date.now();
    }
    const runs = state.active === 'active';
    if (runs && Date.now() - since >= least && (!check || (await check()))) {
      // It may have been another process that answered, while ours was starting again.
      const after = await machine.state(name);
      if (after.active === 'active' && after.invocation === state.invocation && after.restarts === state.restarts)
        return undefined;
    }
    if (Date.now() > deadline) {
      const after = `after ${Math.round(time / 1000)} s`;
      const again = state.restarts > 0 ? `, and was started again ${state.restarts} times` : '';
      if (!runs) return `its unit is ${state.active} (${state.sub}) ${after}${again}`;
      return check
        ? `its check ${health.check} does not pass ${after}${again}`
        : `it does not keep running ${after}${again}`;
    }
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}

function accepts(where: { host: string; port: number } | { path: string }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(where);
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(patience, () => end(false));
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return fail(`the authority of a health check cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function answers(url: URL, authority?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { timeout: patience, agent: false, ...(authority === undefined ? {} : { ca: authority }) };
    const asked = url.protocol === 'https:' ? tlsGet(url, options) : plainGet(url, options);
    asked.once('response', (answer) => {
      answer.resume();
      resolve((answer.statusCode ?? 0) >= 200 && (answer.statusCode ?? 0) < 400);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(false));
  });
}
