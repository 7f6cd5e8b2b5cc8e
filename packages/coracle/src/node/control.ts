import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { NodeStatus } from './settings.ts';

/** Answers each connection to the socket with the node's state, as one line of JSON. */
export function serveStatus(socket: string, status: () => NodeStatus): Server {
  rmSync(socket, { force: true }); // of a node that was killed
  const server = createServer((connection) => {
    connection.on('error', () => connection.destroy()); // the asker went away
    connection.end(`${JSON.stringify(status())}\n`);
  });
  server.listen(socket);
  return server;
}
