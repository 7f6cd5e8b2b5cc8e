import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { version as kubernetes } from '@coracle/api/version';
import { command } from '../cli/command.ts';
import { checkout } from '../cluster/cluster.ts';

export default command({
  name: 'version',
  about: 'print versions',
  description: "Prints Coracle's version, the level of Kubernetes it implements, and the Node.js it runs on.",
  flags: {},
  async run() {
    const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string };
    process.stdout.write(`coracle v${version}, Kubernetes ${kubernetes.gitVersion}, Node.js ${process.version}\n`);
    return 0;
  },
});
