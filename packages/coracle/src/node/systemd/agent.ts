/**
 * The agent of a node whose PID 1 is systemd: tells the state of its services on the socket that systemd listens on for it, as the supervisor of
 * another node does, and ends when nobody has asked for a while. Started with the file of the node's settings.
 */
import { readFileSync } from 'node:fs';
import { serveControl } from '../control.ts';
import type { NodeSettings } from '../settings.ts';
import { NodeUnits } from './state.ts';

/** How long it waits for another question, in milliseconds. */
const patience = 10_000;

const [settingsFile] = process.argv.slice(2);
if (!settingsFile || process.env['LISTEN_FDS'] !== '1') {
  console.error('usage: agent.ts SETTINGS-FILE, started by systemd with a socket');
  process.exit(2);
}
const units = new NodeUnits();
const idle = setTimeout(() => process.exit(0), patience);

serveControl(
  { fd: 3 },
  {
    status() {
      idle.refresh();
      const settings = JSON.parse(readFileSync(settingsFile, 'utf8')) as NodeSettings;
      return units.status(settings);
    },
  },
);
