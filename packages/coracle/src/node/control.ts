import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

/** What can be asked of a node's supervisor. */
export interface NodeControl {
  /** The node's state. */
  status(): unknown;
  /** Reads the settings again and brings the services to what they say; answers the state as soon as that has begun. */
  reload(): unknown;
}

/** The longest question. */
const longest = 64;

/** Answers each connection's question, `status` or `reload`, with one line of JSON: what was asked for, or `{"error": …}`. */
export function serveControl(socket: string, control: NodeControl): Server {
  rmSync(socket, { force: true }); // of a node that was killed
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    let question = '';
    connection.on('error', () => connection.destroy()); // the asker went away
    connection.setEncoding('utf8').on('data', (text: string) => {
      question += text;
      if (question.length > longest) connection.destroy();
      else if (question.endsWith('\n')) connection.end(`${JSON.stringify(answer(question.trim(), control))}\n`);
    });
  });
  server.listen(socket);
  return server;
}

function answer(question: string, control: NodeControl): unknown {
  if (question !== 'status' && question !== 'reload') return { error: `unknown question ${JSON.stringify(question)}` };
  try {
    return control[question]();
  } catch (error) {
    return { error: (error as Error).message };
  }
}
