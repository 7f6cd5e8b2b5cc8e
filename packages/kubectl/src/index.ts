export type { Terminal } from './cli/terminal.ts';
export { kubectl } from './kubectl.ts';
