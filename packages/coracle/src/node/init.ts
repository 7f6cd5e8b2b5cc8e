/**
 * The supervisor of a node: prepares the container, keeps its services running, tells their state on a socket, and on SIGTERM stops
 * everything in order. Started by pid1.sh with the file of its settings.
 */
import { readFileSync } from 'node:fs';
import { serveControl } from './control.ts';
import { stopPods } from './pods.ts';
import { prepareNode } from './prepare.ts';
import type { NodeSettings } from './settings.ts';
import { Supervisor } from './supervisor.ts';

const [settingsFile] = process.argv.slice(2);
if (!settingsFile || settingsFile === '--help') {
  console.log('usage: init.ts SETTINGS-FILE');
  process.exit(settingsFile ? 0 : 2);
}
const readSettings = () => JSON.parse(readFileSync(settingsFile, 'utf8')) as NodeSettings;
const settings = readSettings();

prepareNode(settings);
const supervisor = new Supervisor(settings);
const control = serveControl(settings.socket, {
  status: () => supervisor.status,
  reload: () => {
    supervisor.reload(readSettings());
    return supervisor.status;
  },
});
supervisor.start();

const kubeletRank = settings.services.find((it) => it.name === 'kubelet')?.stopRank;
process.once('SIGTERM', async () => {
  await supervisor.stop(async (rank) => {
    if (rank === kubeletRank) await stopPods(); // nothing restarts them now, and containerd still notes how they ended
  });
  control.close();
  process.exit(0);
});
