import { connect } from 'node:net';
import type { Probe } from './settings.ts';

/** Whether somebody accepts a connection there now. */
export function answers(probe: Probe, timeout = 1000): Promise<boolean> {
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
