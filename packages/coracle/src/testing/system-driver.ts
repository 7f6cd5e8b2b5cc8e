/** Installs or updates a system container in a tree, and kills itself at a step, as a power loss would: system-driver.ts install|update ROOT IMAGE STEP. */
import { withImage } from '../images/source.ts';
import { install } from '../system/install.ts';
import { update } from '../system/update.ts';
import { fakeMachine } from './fake-machine.ts';

const [action, root, named, last] = process.argv.slice(2);
if (!action || !root || !named || !last) throw new Error('usage: system-driver.ts install|update ROOT IMAGE STEP');
const place = { root, base: '/var/lib/containers/atomic' };
const step = (name: string): void => {
  if (name === last) process.kill(process.pid, 'SIGKILL');
};
const operation = { place, machine: fakeMachine(), name: 'web', step };
await withImage(named, {}, async (image) => {
  if (action === 'install') await install(operation, image, named, []);
  else await update(operation, image, named, []);
});
