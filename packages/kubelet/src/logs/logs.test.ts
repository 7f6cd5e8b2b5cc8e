import { appendFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.ts';
import { parseLogLine } from './cri-log.ts';
import { type LogOptions, readLog } from './read-log.ts';
import { rotate } from './rotation.ts';
import { readTail } from './tail.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'logs-'));
  file = join(folder, '0.log');
});
const stop = new AbortController();
afterEach(() => rmSync(folder, { recursive: true }));
afterAll(() => stop.abort());

const line = (second: number, text: string, stream = 'stdout', tag = 'F'): string =>
  `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000001Z ${stream} ${tag} ${text}\n`;
const all = async (options: LogOptions = {}): Promise<string> => {
  const pieces: Buffer[] = [];
  for await (const piece of readLog(file, options, async () => false, stop.signal)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
};

describe('a line of a log', () => {
  it('is time, stream, tag and content', () => {
    const parsed = parseLogLine(Buffer.from('2026-01-01T00:00:00Z stderr P:x with  spaces'));
    expect({ ...parsed, content: parsed?.content.toString() }).toEqual({
      time: '2026-01-01T00:00:00Z',
      stream: 'stderr',
      partial: true,
      content: 'with  spaces',
    });
  });

  it.each(['', 'x', 'a b', '2026-01-01T00:00:00Z out F x'])('%j is none', (text) => {
    expect(parseLogLine(Buffer.from(text))).toBeUndefined();
  });
});

describe('reading a log', () => {
  beforeEach(() =>
    writeFileSync(
      file,
      line(1, 'one') + line(2, 'two', 'stderr') + line(3, 'th', 'stdout', 'P') + line(3, 'ree') + line(4, ''),
    ),
  );

  it.each<[LogOptions, string]>([
    [{}, 'one\ntwo\nthree\n\n'],
    [{ tailLines: 2 }, 'ree\n\n'],
    [{ tailLines: 0 }, ''],
    [{ tailLines: 99 }, 'one\ntwo\nthree\n\n'],
    [{ since: Date.parse('2026-01-01T00:00:03Z') }, 'three\n\n'],
    [{ limitBytes: 5 }, 'one\nt'],
    [{ stream: 'stderr' }, 'two\n'],
    [{ stream: 'stderr', timestamps: true }, '2026-01-01T00:00:02.000000001Z two\n'],
  ])('with %j', async (options, expected) => {
    expect(await all(options)).toBe(expected);
  });

  it('puts cut lines together under one time', async () => {
    expect(await all({ timestamps: true, since: Date.parse('2026-01-01T00:00:03Z') })).toBe(
      '2026-01-01T00:00:03.000000001Z three\n2026-01-01T00:00:04.000000001Z \n',
    );
  });

  it('follows what is written, through a rotation, until the container ends', async () => {
    let alive = true;
    let text = '';
    const done = (async () => {
      for await (const piece of readLog(file, { follow: true, tailLines: 1 }, async () => alive, stop.signal))
        text += piece;
    })();
    await eventually('what there is', () => text === '\n');
    text = '';
    appendFileSync(file, line(5, 'five'));
    await eventually('five', () => text === 'five\n');
    appendFileSync(file, line(6, 'six'));
    renameSync(file, `${file}.1`);
    writeFileSync(file, line(7, 'seven'));
    await eventually('seven', () => text === 'five\nsix\nseven\n');
    alive = false;
    appendFileSync(file, line(8, 'eight'));
    await done;
    expect(text).toBe('five\nsix\nseven\neight\n');
  });
});

describe('the tail of a file', () => {
  it('is cut by lines and bytes, across blocks', async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `line ${i} ${'x'.repeat(40)}`);
    writeFileSync(file, `${lines.join('\n')}\n`);
    expect((await readTail(file, 3000, 1 << 30)).toString()).toBe(`${lines.slice(2000).join('\n')}\n`);
    expect((await readTail(file, 10, 20)).length).toBe(20);
    expect((await readTail(join(folder, 'none'), 10, 20)).length).toBe(0);
  });
});

describe('rotation', () => {
  it('keeps a few files, all but the newest compressed', async () => {
    for (let i = 0; i < 5; i++) {
      writeFileSync(file, `content ${i}`);
      await rotate(file, 4, async () => writeFileSync(file, ''), new Date(Date.UTC(2026, 0, 1, 0, 0, i)));
    }
    expect(readdirSync(folder).sort()).toEqual([
      '0.log',
      '0.log.20260101-000002.gz',
      '0.log.20260101-000003.gz',
      '0.log.20260101-000004',
    ]);
    expect(gunzipSync(readFileSync(join(folder, '0.log.20260101-000003.gz'))).toString()).toBe('content 3');
  });

  it('takes the name back when the runtime cannot open a new file', async () => {
    writeFileSync(file, 'content');
    await expect(rotate(file, 5, async () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
    expect(readdirSync(folder)).toEqual(['0.log']);
  });
});
