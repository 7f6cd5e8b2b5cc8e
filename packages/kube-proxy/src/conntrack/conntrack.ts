import { spawn } from 'node:child_process';
import type { Family } from '../model/family.ts';
import type { Flow } from './flows.ts';
import { parseFlows } from './flows.ts';

/** The kernel's table of connections. */
export interface Conntrack {
  udpFlows(family: Family): Promise<Flow[]>;
  /** Deletes UDP flows of one destination and endpoint, all at once; that they have ended meanwhile is no error. */
  deleteUdp(family: Family, flow: Flow): Promise<void>;
}

/** The table as the program `conntrack` shows it, on PATH or by the given command (in another network namespace, say). */
export function conntrackBy(command: readonly [string, ...string[]] = ['conntrack']): Conntrack {
  return {
    udpFlows: async (family) => parseFlows(await run(command, ['-L', ...udp(family)])),
    async deleteUdp(family, flow) {
      const to = ['--orig-dst', flow.destination, '--orig-port-dst', String(flow.destinationPort)];
      await run(command, ['-D', ...udp(family), ...to, '--reply-src', flow.answeredBy]);
    },
  };
}

function udp(family: Family): string[] {
  return ['-f', family.name.toLowerCase(), '-p', 'udp'];
}

function run([program, ...before]: readonly [string, ...string[]], args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const conntrack = spawn(program, [...before, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let complaint = '';
    conntrack.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    conntrack.stderr.setEncoding('utf8').on('data', (text) => {
      complaint += text;
    });
    conntrack.on('error', (error) => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      reject(missing ? new Error('the program "conntrack" is not installed (Debian package conntrack)') : error);
    });
    conntrack.on('close', (code) => {
      if (code === 0 || complaint.includes('0 flow entries have been deleted')) resolve(output);
      else reject(new Error(`conntrack ${args.join(' ')} exited with code ${code}: ${complaint.trim()}`));
    });
  });
}
