import type { IncomingMessage } from 'node:http';

/** The whole body of an answer. Rejects, and ends the connection, where it is longer than `limit` bytes, so that nobody can take the server's memory. */
export async function limitedBody(answer: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += (chunk as Buffer).length;
    if (size > limit) throw new Error(`the answer is larger than ${limit} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
