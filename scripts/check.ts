/** Everything that has no side effect: format, lint, types, layering, unused code, drift of generated files. Under a minute. */
import { join } from 'node:path';
import { root, runStep, type Step } from './steps.ts';

const bin = (name: string) => join(root, 'node_modules/.bin', name);

export const checks: readonly Step[] = [
  { name: 'format and lint', command: bin('biome'), args: ['check', '--error-on-warnings'] },
  { name: 'types', command: bin('tsc'), args: ['-p', '.'] },
  { name: 'layering', command: process.execPath, args: ['scripts/layering.ts'] },
  { name: 'unused code', command: bin('knip'), args: ['--no-progress'] },
  { name: 'generated API types are fresh', command: process.execPath, args: ['scripts/generate/main.ts', '--check'] },
  { name: 'generated CRI client is fresh', command: process.execPath, args: ['scripts/generate/cri.ts', '--check'] },
];

if (import.meta.main) {
  let failed = 0;
  for (const step of checks) if (!(await runStep(step))) failed++;
  if (failed > 0) process.exit(1);
}
