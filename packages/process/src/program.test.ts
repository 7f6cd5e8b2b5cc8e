import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const fixture = fileURLToPath(new URL('./testdata/program.ts', import.meta.url));

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the program in testdata; `during` gets each piece of stdout. */
function run(argv: string[], during?: (text: string, kill: (signal: NodeJS.Signals) => void) => void): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fixture, ...argv]);
    const ended: Ended = { code: null, stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      ended.stdout += chunk.toString();
      during?.(ended.stdout, (signal) => child.kill(signal));
    });
    child.stderr.on('data', (chunk: Buffer) => {
      ended.stderr += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...ended, code }));
  });
}

describe('a program', () => {
  it('shows complete help', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Does things\.\n\nUsage:\n {2}test-program \[flags\]\n\nGeneric flags:\n\n {6}--mode string/,
    );
    for (const flag of ['--mode', '-h, --help', '-v, --v', '--version', '--logging-format'])
      expect(stdout).toContain(flag);
  });

  it('shows its version', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, stdout: 'Kubernetes v1.36.0\n' });
    expect(JSON.parse((await run(['--version=raw'])).stdout)).toMatchObject({ gitVersion: 'v1.36.0' });
  });

  it.each([
    [['--nope'], 'Error: unknown flag: --nope\n'],
    [['extra'], 'Error: unknown command "extra" for "test-program"\n'],
    [['--logging-format=text'], 'Error: [format: Invalid value: "text": Unsupported log format]\n'],
    [['--mode=usage'], 'Error: this cannot be done\n'],
  ])('refuses %j', async (argv, stderr) => {
    expect(await run(argv)).toEqual({ code: 1, stdout: '', stderr });
  });

  it('ends with 0 when its story ends, and with 1 and a log line when it fails', async () => {
    expect(await run(['--mode=end'])).toMatchObject({ code: 0, stderr: '' });
    for (const mode of ['fail', 'uncaught']) {
      const { code, stderr } = await run([`--mode=${mode}`]);
      expect(code).toBe(1);
      expect(JSON.parse(stderr.trim())).toMatchObject({
        level: 'fatal',
        logger: 'test-program',
        err: { message: 'broken' },
      });
    }
  });

  it('is told of SIGTERM, cleans up and ends with 0', async () => {
    const { code, stdout } = await run(['--mode=wait'], (text, kill) => {
      if (text === 'waiting\n') kill('SIGTERM');
    });
    expect(code).toBe(0);
    expect(stdout).toBe('waiting\ncleaned up\n');
  });

  it('logs more with -v', async () => {
    expect((await run(['--mode=debug'])).stderr).toBe('');
    expect(JSON.parse((await run(['--mode=debug', '-v=4'])).stderr)).toMatchObject({
      level: 'debug',
      msg: 'detail',
      at: 1,
    });
  });
});
