import { open } from 'node:fs/promises';
import { parseLogLine } from '../logs/cri-log.ts';
import { readTail } from '../logs/tail.ts';
import type { RuntimeContainer } from './runtime-pod.ts';

const maxFileBytes = 4096;
const maxLogBytes = 2048;
const maxLogLines = 80;

/**
 * What an ended container left to say: the text in its termination message file, or, with `FallbackToLogsOnError` and a failure, the
 * end of its log.
 */
export async function terminationMessage(container: RuntimeContainer): Promise<string> {
  const mount = container.mounts.find((each) => each.containerPath === container.terminationMessagePath);
  const text = mount && container.terminationMessagePath ? await readFile(mount.hostPath) : '';
  if (text || container.terminationMessagePolicy !== 'FallbackToLogsOnError' || container.exitCode === 0) return text;
  return fromLog(container.logPath);
}

async function readFile(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const buffer = Buffer.alloc(maxFileBytes);
    const { bytesRead } = await file.read(buffer, 0, maxFileBytes, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    return `Error on reading termination log ${path}: ${(error as Error).message}`;
  }
}

async function fromLog(path: string): Promise<string> {
  // Each line of the file carries its time and stream besides the message.
  const raw = await readTail(path, maxLogLines, maxLogBytes + maxLogLines * 48);
  const lines = raw.toString('latin1').split('\n');
  const content = lines
    .map((line) => parseLogLine(Buffer.from(line, 'latin1')))
    .filter((line) => line !== undefined)
    .map((line) => Buffer.concat([line.content, Buffer.from(line.partial ? '' : '\n')]));
  const joined = Buffer.concat(content);
  return joined.subarray(Math.max(0, joined.length - maxLogBytes)).toString('utf8');
}
