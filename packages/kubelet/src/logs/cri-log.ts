/** One line of a container's log file. */
export interface LogLine {
  /** RFC 3339 with nanoseconds, as the runtime wrote it. */
  time: string;
  stream: 'stdout' | 'stderr';
  /** The line was cut: its rest follows in the next one of the same stream. */
  partial: boolean;
  content: Buffer;
}

const space = 0x20;

/** Reads `<time> <stream> <F|P> <content>`, the format CRI runtimes write logs in. Undefined for what is not such a line. */
export function parseLogLine(line: Buffer): LogLine | undefined {
  const first = line.indexOf(space);
  const second = first < 0 ? -1 : line.indexOf(space, first + 1);
  if (second < 0) return undefined;
  const third = line.indexOf(space, second + 1);
  const stream = line.toString('latin1', first + 1, second);
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const tags = line.toString('latin1', second + 1, third < 0 ? line.length : third).split(':');
  return {
    time: line.toString('latin1', 0, first),
    stream,
    partial: tags[0] === 'P',
    content: third < 0 ? Buffer.alloc(0) : line.subarray(third + 1),
  };
}
