import { type FileHandle, open } from 'node:fs/promises';

const blockSize = 64 * 1024;
const newline = 0x0a;

/** Where in a file its last `lines` lines begin, found from its end. A last line without an end counts. */
export async function tailOffset(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat();
  if (lines <= 0) return size;
  const block = Buffer.alloc(blockSize);
  let left = size;
  let found = 0;
  while (left > 0) {
    const length = Math.min(blockSize, left);
    const { bytesRead } = await file.read(block, 0, length, left - length);
    for (let at = bytesRead - 1; at >= 0; at--) {
      const position = left - length + at;
      if (block[at] !== newline || position === size - 1) continue;
      if (++found === lines) return position + 1;
    }
    left -= length;
  }
  return 0;
}

/** The last lines of a file, at most `lines` and `bytes`; empty when there is no such file. */
export async function readTail(path: string, lines: number, bytes: number): Promise<Buffer> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
  try {
    const { size } = await file.stat();
    const from = Math.max(await tailOffset(file, lines), size - bytes);
    const buffer = Buffer.alloc(size - from);
    await file.read(buffer, 0, buffer.length, from);
    return buffer;
  } finally {
    await file.close();
  }
}
