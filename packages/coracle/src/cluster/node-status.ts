import { connect } from 'node:net';
import type { NodeStatus } from '../node/settings.ts';

/** Asks a node's supervisor for its state; undefined when nobody answers. */
export function askNode(socket: string, timeout = 2000): Promise<NodeStatus | undefined> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    let text = '';
    connection.setEncoding('utf8');
    connection.setTimeout(timeout, () => connection.destroy());
    connection.on('data', (chunk: string) => {
      text += chunk;
    });
    connection.once('error', () => resolve(undefined));
    connection.once('close', () => {
      resolve(text.endsWith('\n') ? (JSON.parse(text) as NodeStatus) : undefined);
    });
  });
}
