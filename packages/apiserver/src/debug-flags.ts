import { changeVerbosity } from '@coracle/process/log';
import type { RequestContext } from './chain/link.ts';
import { readBody } from './endpoints/body.ts';
import { send } from './endpoints/response.ts';

const index =
  '<html><head><title>/debug/flags/</title></head><body>Flags that can be set by PUT:<br>v<br></body></html>\n';

/** Names the flags that can be set while the server runs. */
export const debugFlags = (context: RequestContext): Promise<void> =>
  send(context, 200, 'text/html; charset=utf-8', Buffer.from(index));

/** A PUT of a number sets how much is logged, as `-v` does, until the process ends. */
export async function debugVerbosity(context: RequestContext): Promise<void> {
  if (context.req.method !== 'PUT') return sendLine(context, 406, 'unsupported http method');
  const text = (await readBody(context)).toString();
  let said: string;
  try {
    said = changeVerbosity(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return sendLine(context, 400, error.message);
  }
  return sendLine(context, 200, said);
}

function sendLine(context: RequestContext, code: number, text: string): Promise<void> {
  context.res.setHeader('X-Content-Type-Options', 'nosniff');
  return send(context, code, 'text/plain', Buffer.from(`${text}\n`));
}
