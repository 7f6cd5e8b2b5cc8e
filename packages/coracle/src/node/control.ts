import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

/** What can be asked of a node. */
export interface NodeControl {
  /** The node's state. */
  status(): unknown;
  /** Reads the settings again and brings the services to what they say; answers the state as soon as that has begun. */
  reload?(): unknown;
}

/** The longest question. */
const longest = 64;

/**
 * Answers each connection's question, `status` or `reload`, with one line of JSON: what was asked for, or `{"error": …}`. The socket is a path, or
 * one that listens already.
 */
export function serveControl(socket: string | { fd: number }, control: NodeControl): Server {
  if (typeof socket === 'string') rmSync(socket, { force: true }); // of a node that was killed
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    let question = '';
    connection.on('error', () => connection.destroy()); // the asker went away
    connection.setEncoding('utf8').on('data', (text: string) => {
      question += text;
      if (question.length > longest) connection.destroy();
      else if (question.endsWith('\n')) {
        void answer(question.trim(), control).then((it) => connection.end(`${JSON.stringify(it)}\n`));
      }
    });
  });
  server.listen(socket);
  return server;
}

async function answer(question: string, control: NodeControl): Promise<unknown> {
  const known = question === 'status' || question === 'reload' ? control[question] : undefined;
  if (!known) return { error: `unknown question ${JSON.stringify(question)}` };
  try {
    return await known();
  } catch (error) {
    return { error: (error as Error).message };
  }
}
