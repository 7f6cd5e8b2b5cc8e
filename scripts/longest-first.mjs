import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = join(dirname(fileURLToPath(import.meta.url)), '../packages');

/** Files that take longest, for their size above all. */
const longest = [
  'coracle/src/system/system.integration.test.ts',
  'kubectl/src/differential-writes.integration.test.ts',
  'coracle/src/images/programs.integration.test.ts',
  'kubectl/src/differential-reads.integration.test.ts',
  'overlay/src/data-path.integration.test.ts',
  'kubectl/src/differential-kinds.integration.test.ts',
  'apiserver/src/storage/members.integration.test.ts',
  'coracle/src/nodes/runc/driver.integration.test.ts',
  'client/src/failover.test.ts',
  'coracle/src/system/crash.test.ts',
].map((it) => join(packages, it));

/** The order in which jest begins files: those of `longest`, then the others by size, so that none is left to run alone in the end. */
export default class LongestFirst {
  sort(tests) {
    for (const it of longest) statSync(it); // throws when one has gone
    const rank = ({ path }) => (longest.includes(path) ? longest.indexOf(path) : longest.length);
    const size = ({ path }) => statSync(path).size;
    return [...tests].sort((a, b) => rank(a) - rank(b) || size(b) - size(a));
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}
}
