import { messageOf } from '@coracle/api/meta/message-of';
import { badRequest, requestEntityTooLarge } from '@coracle/api/meta/status';
import type { RequestContext } from '../chain/link.ts';

/** The largest request body, in bytes. */
export const bodyLimit = 3 << 20;

/** Reads a request's body; throws RequestEntityTooLarge above the limit and BadRequest when it ends before it should. */
export async function readBody(context: Pick<RequestContext, 'req' | 'received'>): Promise<Buffer> {
  const { req } = context;
  const announced = Number(req.headers['content-length'] ?? '0');
  if (announced > bodyLimit) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > bodyLimit) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (size > bodyLimit) throw error;
    throw badRequest(`unable to read the request body: ${messageOf(error)}`);
  }
  if (announced > 0 && size < announced) throw badRequest('unable to read the request body: unexpected EOF');
  context.received = size;
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

function tooLarge() {
  return requestEntityTooLarge(`limit is ${bodyLimit}`);
}
