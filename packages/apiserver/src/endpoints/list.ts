import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import type { RequestContext } from '../chain/link.ts';
import { CachedObject } from '../storage/cached-object.ts';
import { breakOff } from '../wire.ts';
import { type Call, type ChosenForm, goTypeOf, renderingFor, unfit } from './call.ts';
import { listOptionsOf } from './list-options.ts';
import { type Page, readPage } from './list-page.ts';
import { acceptsGzip, compressionThreshold, isPretty, sendBody, writeHead } from './response.ts';

const chunkSize = 128 << 10;
/** Lists up to this are indented for people who ask for that; longer ones are streamed as they are. */
const largestIndented = 1 << 20;

/** GET of a collection. The body is streamed from the cache's buffers as fast as the client reads, and never whole in memory. */
export async function list(call: Call): Promise<void> {
  const { context, machinery, resource, kind, namespace } = call;
  const form = listRenderingFor(call);
  const options = listOptionsOf(context.query, kind, namespace, false);
  const page = await readPage(machinery.registry, resource, options, context.latencies);
  await context.latencies.time('decode-response-object', CachedObject.prepare(page.objects, kind));
  await sendList(context, page, form);
}

/** How the call's list is to be written; throws NotAcceptable. */
export function listRenderingFor(call: Call): ChosenForm {
  const found = renderingFor(call, 'list');
  if (found.as !== 'metadata') return found;
  throw unfit(`you requested PartialObjectMetadata, but the requested object is a list (${goTypeOf(call.kind, true)})`);
}

/** Answers with a page of objects, streamed. */
export async function sendList(
  context: RequestContext,
  { objects, metadata }: Page,
  { rendering, media, layer }: ChosenForm,
): Promise<void> {
  const { latencies } = context;
  const pieces = await latencies.time(layer, rendering.list(metadata, objects));
  if (media === 'application/yaml') return sendBody(context, 200, Buffer.concat([...pieces]), media);
  const chunked = chunks(pieces, media === 'application/json' && isPretty(context) ? largestIndented : chunkSize);
  const next = () => {
    const begun = performance.now();
    const chunk = chunked.next();
    latencies.add(layer, performance.now() - begun);
    return chunk;
  };
  const first = next();
  const second = next();
  if (first.done || second.done) return sendBody(context, 200, first.value ?? Buffer.alloc(0), media);
  const { res, req } = context;
  const zipped =
    acceptsGzip(req.headers['accept-encoding']) && first.value.length + second.value.length > compressionThreshold;
  if (zipped) {
    res.setHeader('Content-Encoding', 'gzip');
    res.appendHeader('Vary', 'Accept-Encoding');
  }
  writeHead(context, 200, { 'Content-Type': media });
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  const out: Writable = zipped ? createGzip({ level: 1 }) : res;
  const count = (bytes: Buffer) => {
    context.sent += bytes.length;
  };
  if (zipped) out.on('data', count).pipe(res);
  const writeOut = (chunk: Buffer) => {
    if (!zipped) count(chunk);
    return latencies.time('response-write', write(out, chunk, context.signal));
  };
  try {
    await writeOut(first.value);
    await writeOut(second.value);
    for (let chunk = next(); !chunk.done; chunk = next()) await writeOut(chunk.value);
    out.end();
    if (zipped) await latencies.time('response-write', once(out, 'end', { signal: context.signal }));
  } catch (error) {
    // The head is out; all that can be said now is that the body is not complete.
    breakOff(res);
    if (!context.signal.aborted) throw error;
  }
}

async function write(out: Writable, chunk: Buffer, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (out.write(chunk)) await nextTurn();
  else await once(out, 'drain', { signal });
}

/** The whole body in pieces of at least so many bytes. */
function* chunks(pieces: Iterable<Buffer>, least: number): Generator<Buffer, undefined> {
  let parts: Buffer[] = [];
  let size = 0;
  for (const piece of pieces) {
    parts.push(piece);
    size += piece.length;
    if (size < least) continue;
    yield Buffer.concat(parts);
    parts = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(parts);
}
