import { connect } from 'node:net';
import { fail } from '../failure.ts';
import type { NodeStatus } from '../node/settings.ts';

/** Asks a node's supervisor for its state; undefined when nobody answers. */
export function askNode(socket: string, timeout = 2000): Promise<NodeStatus | undefined> {
  return ask(socket, 'status', timeout) as Promise<NodeStatus | undefined>;
}

/** Has a node's supervisor read its settings again. Throws Failure when it does not answer or cannot take them. */
export async function reloadNode(socket: string, node: string): Promise<void> {
  const answer = await ask(socket, 'reload', 10_000);
  if (!answer) fail(`the supervisor of node ${node} does not answer`);
  const { error } = answer as { error?: string };
  if (error) fail(`the supervisor of node ${node} cannot take its new settings: ${error}`);
}

function ask(socket: string, question: string, timeout: number): Promise<unknown> {
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
      resolve(text.endsWith('\n') ? JSON.parse(text) : undefined);
    });
    connection.write(`${question}\n`);
  });
}
