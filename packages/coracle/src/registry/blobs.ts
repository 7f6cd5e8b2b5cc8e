import { createHash } from 'node:crypto';
import { createWriteStream, openSync, rmSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { fail } from '../failure.ts';
import type { Descriptor } from '../images/oci.ts';
import type { Repository } from './registry.ts';
import { TransportError } from './transport.ts';

/** How often a download is begun that is cut. */
const tries = 3;

/** Fetches a blob into a file. What has another size or digest than the descriptor says is refused, and no file is left. */
export async function fetchBlob(repository: Repository, blob: Descriptor, file: string): Promise<void> {
  for (let tried = 1; ; tried++) {
    const answer = await repository.request(`blobs/${blob.digest}`, { method: 'GET' }, [200]);
    const hash = createHash('sha256');
    let size = 0;
    try {
      await pipeline(
        answer,
        async function* (source: AsyncIterable<Buffer>) {
          for await (const chunk of source) {
            size += chunk.length;
            if (size > blob.size)
              fail(`${repository.name}: the registry sends more of ${blob.digest} than its ${blob.size} bytes`);
            hash.update(chunk);
            yield chunk;
          }
        },
        // Opened at once: a stream that opens it later may do so after it was removed.
        createWriteStream(file, { fd: openSync(file, 'w') }),
      );
      if (size < blob.size) throw new TransportError(`${blob.digest} ended after ${size} of ${blob.size} bytes`);
    } catch (error) {
      rmSync(file, { force: true });
      const { code = '' } = error as NodeJS.ErrnoException;
      if (error instanceof TransportError || ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(code)) {
        if (tried < tries) continue;
        const cut =
          error instanceof TransportError ? error : new TransportError(`${blob.digest} was cut`, { cause: error });
        repository.unreachable(cut);
      }
      throw error;
    }
    const digest = `sha256:${hash.digest('hex')}`;
    if (digest === blob.digest) return;
    rmSync(file, { force: true });
    fail(`${repository.name}: the registry sent something whose digest is ${digest} and not ${blob.digest}`);
  }
}

/** Brings a blob into a repository, unless it is there. Resolves to whether it was sent. */
export async function pushBlob(repository: Repository, blob: Descriptor, file: string): Promise<boolean> {
  if (await hasBlob(repository, blob)) return false;
  const begun = await repository.request('blobs/uploads/', { method: 'POST', content: Buffer.alloc(0) }, [202]);
  begun.resume();
  const { location } = begun.headers;
  if (location === undefined) fail(`${repository.name}: the registry does not say where a blob is to be sent`);
  const url = repository.resolve(location);
  url.searchParams.set('digest', blob.digest);
  const headers = { 'Content-Type': 'application/octet-stream' };
  const sent = await repository.request(url, { method: 'PUT', headers, content: { file, size: blob.size } }, [201]);
  sent.resume();
  if (!(await hasBlob(repository, blob)))
    fail(`${repository.name}: the registry took ${blob.digest}, and does not have it`);
  return true;
}

async function hasBlob(repository: Repository, blob: Descriptor): Promise<boolean> {
  const answer = await repository.request(`blobs/${blob.digest}`, { method: 'HEAD' }, [200, 404]);
  answer.resume();
  if (answer.statusCode === 404) return false;
  const length = answer.headers['content-length'];
  if (length !== undefined && Number(length) !== blob.size) {
    fail(`${repository.name} has ${length} bytes for ${blob.digest}, which has ${blob.size}`);
  }
  return true;
}
