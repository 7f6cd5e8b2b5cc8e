import { readFileSync } from 'node:fs';
import type { Agent } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Probe } from './settings.ts';

/** Whether a service answers now. */
export function answers(probe: Probe, timeout = 1000): Promise<boolean> {
  return 'https' in probe
    ? says200(probe.https, timeout)
    : accepts('unix' in probe ? connect(probe.unix) : connect(probe.tcp), timeout);
}

function accepts(socket: Socket, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeout, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** One connection for all attempts: what is asked about is busy starting, and each handshake would take of its time. */
let agent: Agent | undefined;

async function says200({ url, authority }: { url: string; authority: string }, timeout: number): Promise<boolean> {
  const https = await import('node:https'); // most services are asked without it, and it takes memory
  agent ??= new https.Agent({ keepAlive: true, maxSockets: 1 });
  const well = await new Promise<boolean>((resolve) => {
    const request = https.get(url, { ca: readFileSync(authority), agent, timeout }, (response) => {
      response.resume();
      response.once('close', () => resolve(response.statusCode === 200));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
  if (well) {
    agent?.destroy();
    agent = undefined;
  }
  return well;
}
