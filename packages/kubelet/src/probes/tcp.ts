import { connect } from 'node:net';
import { dialText } from './http.ts';
import { failure, type ProbeOutcome, success } from './result.ts';

/** Opens a TCP connection. `timeout` in milliseconds. */
export function tcpProbe(host: string, port: number, timeout: number): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout });
    const end = (outcome: ProbeOutcome): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.once('connect', () => end(success()));
    socket.once('timeout', () => end(failure(`dial tcp ${host}:${port}: i/o timeout`)));
    socket.once('error', (error) =>
      end(failure(dialText(error, { hostname: host, port: String(port), protocol: 'tcp:' }))),
    );
  });
}
