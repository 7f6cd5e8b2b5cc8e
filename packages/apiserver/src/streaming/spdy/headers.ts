import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';
import { headerDictionary } from './dictionary.ts';

/** Header names in lower case; a name may have several values. */
export type Headers = Readonly<Record<string, readonly string[]>>;

/** Compresses the header blocks that go one way over a connection; each depends on those before it. */
export class HeaderCompressor {
  readonly #deflate: Deflate = createDeflate({ dictionary: headerDictionary });
  #last: Promise<unknown> = Promise.resolve();

  compress(headers: Headers): Promise<Buffer> {
    return this.#next(() => through(this.#deflate, block(headers)));
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work);
    this.#last = result;
    return result;
  }

  close(): void {
    this.#deflate.close();
  }
}

/** Reads the header blocks that come one way over a connection. */
export class HeaderReader {
  readonly #inflate: Inflate = createInflate({ dictionary: headerDictionary });

  /** Throws on what is no header block. Blocks must be given one after the other. */
  async read(compressed: Buffer): Promise<Headers> {
    return parse(await through(this.#inflate, compressed));
  }

  close(): void {
    this.#inflate.close();
  }
}

/** Sends bytes through a compressor and collects what it makes of exactly them. */
function through(stream: Deflate | Inflate, input: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const collect = (part: Buffer) => parts.push(part);
    const done = () => {
      stream.off('data', collect);
      stream.off('error', reject);
      resolve(Buffer.concat(parts));
    };
    stream.on('data', collect);
    stream.once('error', reject);
    stream.write(input);
    stream.flush(constants.Z_SYNC_FLUSH, done);
  });
}

function block(headers: Headers): Buffer {
  const entries = Object.entries(headers);
  const parts = [word(entries.length)];
  for (const [name, values] of entries) {
    const value = Buffer.from(values.join('\0'));
    parts.push(word(name.length), Buffer.from(name.toLowerCase()), word(value.length), value);
  }
  return Buffer.concat(parts);
}

function parse(bytes: Buffer): Headers {
  const headers: Record<string, readonly string[]> = {};
  let at = 0;
  const number = () => {
    at += 4;
    return bytes.readUInt32BE(at - 4);
  };
  const text = () => {
    const length = number();
    if (at + length > bytes.length) throw new Error('a SPDY header block is too short');
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  for (let left = number(); left > 0; left--) {
    const name = text();
    headers[name] = text().split('\0');
  }
  return headers;
}

function word(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}
