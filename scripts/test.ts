/**
 * The whole test run: checks, unit tests, integration tests, end-to-end tests. Ends with one line `N passed, N failed, N skipped`.
 * `test.ts unit`, `test.ts integration`, `test.ts e2e` or `test.ts checks` run one part; a pattern after it narrows that to files whose paths
 * match, further arguments go to jest.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checks } from './check.ts';
import { root, runStep } from './steps.ts';

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

const parts = ['checks', 'unit', 'integration', 'e2e'] as const;
const [wanted, ...rest] = process.argv.slice(2);
const chosen = parts.some((part) => part === wanted) ? [wanted] : [...parts];
const extra = chosen.length === 1 ? rest : process.argv.slice(2);
const pattern = extra[0] && !extra[0].startsWith('-') ? extra.shift()! : '';
const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
const reports = join(root, '.cache/test-reports');
mkdirSync(reports, { recursive: true });

if (chosen.includes('checks')) {
  for (const step of checks) {
    if (await runStep(step)) totals.passed++;
    else totals.failed++;
  }
}
const integration = '\\.integration\\.test\\.ts$';
const matching = (paths: string): string[] => (paths ? ['--testPathPatterns', paths] : []);
if (chosen.includes('unit'))
  await jest('unit', ['--testPathIgnorePatterns', integration, '--maxWorkers=2', ...matching(pattern)]);
if (chosen.includes('integration')) {
  // What cannot be installed fails the tests that need it, which say so.
  await runStep({
    name: 'Debian packages of tests',
    command: process.execPath,
    args: ['scripts/test-packages.mjs'],
  });
  // Servers of tests keep their state in an etcd each here, so what is tested of them in memory counts over a cluster's store, too.
  const ofServers = testsOfServers().filter((path) => new RegExp(pattern).test(path));
  const paths = [pattern ? `${pattern}.*${integration}` : integration, ...ofServers.map((path) => `${path}$`)];
  await jest('integration', ['--maxWorkers=3', ...matching(paths.join('|'))], { CORACLE_TEST_STORE: 'etcd' });
}
if (chosen.includes('e2e')) await jest('e2e', ['--config', 'e2e/jest.config.mjs', '--runInBand', ...matching(pattern)]);

console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 ? 1 : 0);

/**
 * The API server's unit tests that start a server or a store; what starts one for a whole file is `testing/own-…`. Left out are two of much odd
 * input: `bad-input.integration.test.ts` has some of each kind of it.
 */
function testsOfServers(): string[] {
  const folder = 'packages/apiserver/src';
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /(?<!integration)\.test\.ts$/.test(path) && !/^hostile\.test|odd-input\.test/.test(path))
    .filter((path) =>
      /startApiServer|startSecureServer|startExtensionServer|ownStore|testing\/own-/.test(
        readFileSync(join(root, folder, path), 'utf8'),
      ),
    )
    .map((path) => `${folder}/${path}`);
}

/** Runs one jest suite and adds its counts; a run that ends without a report counts as one failure. */
async function jest(name: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const report = join(reports, `${name}.json`);
  rmSync(report, { force: true });
  const ok = await runStep({
    name: `${name} tests`,
    command: process.execPath,
    args: [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      '--forceExit',
      '--json',
      `--outputFile=${report}`,
      ...args,
      ...extra,
    ],
    env,
    live: true,
  });
  const result = read(report);
  if (!result) {
    totals.failed++;
    return;
  }
  totals.passed += result.numPassedTests;
  totals.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
  totals.skipped += result.numPendingTests + result.numTodoTests;
  if (!ok && result.numFailedTests + result.numRuntimeErrorTestSuites === 0) totals.failed++;
}

function read(path: string):
  | {
      numPassedTests: number;
      numFailedTests: number;
      numRuntimeErrorTestSuites: number;
      numPendingTests: number;
      numTodoTests: number;
    }
  | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
