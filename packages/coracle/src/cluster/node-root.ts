import { constants } from 'node:os';
import { compileCache } from '../components/component.ts';
import type { NodeSpec } from '../nodes/driver.ts';
import { checkout } from './cluster.ts';

/** What keeps a node's processes running. */
export const supervisor = 'supervisor';
export const supervisorProgram = `${checkout}/packages/coracle/src/node/init.ts`;

/** What differs between nodes by what their root is. */
export type NodeRoot = Pick<NodeSpec, 'lower' | 'mounts' | 'files' | 'command' | 'stopSignal'>;

/** Node.js as nodes run it from the checkout: with a small nursery. */
export const nodeProgram = [process.execPath, '--disable-warning=ExperimentalWarning', '--max-semi-space-size=1'];

/** A node on the host's own root, whose PID 1 is our supervisor. */
export const hostRoot: NodeRoot = {
  lower: '/',
  mounts: [],
  files: {},
  command: [
    '/usr/bin/env',
    `NODE_COMPILE_CACHE=/var/cache/${compileCache(supervisor)}`,
    '/bin/sh',
    `${checkout}/packages/coracle/src/node/pid1.sh`,
    ...nodeProgram,
    supervisorProgram,
    '/etc/coracle/node.json',
  ],
  stopSignal: constants.signals.SIGTERM,
};
