/**
 * Ends with 0 once a URL answers 200 with a certificate of the authority in a file: await-ready.ts URL AUTHORITY-FILE. A program of its own
 * because TLS takes tens of megabytes, which the supervisor would keep for good.
 */
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:https';

const [url, authority] = process.argv.slice(2);
if (!url || !authority) throw new Error('usage: await-ready.ts URL AUTHORITY-FILE');
// One connection for all attempts: what is asked about is busy starting, and each handshake would take of its time.
const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: readFileSync(authority) });

while (!(await answers(url))) await new Promise((resolve) => setTimeout(resolve, 25));
process.exit(0);

function answers(from: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(from, { agent, timeout: 1000 }, (response) => {
      response.resume();
      response.once('close', () => resolve(response.statusCode === 200));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}
