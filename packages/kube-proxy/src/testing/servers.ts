import { once } from 'node:events';
import type { Namespace } from '@coracle/process/testing/namespace';

/** Answers every HTTP request with its name and the address of the caller. */
export async function serveHttp(inside: Namespace, name: string, port: number): Promise<void> {
  const program = `require('node:http').createServer((request, response) => response.end(${JSON.stringify(name)} + ' ' +
    request.socket.remoteAddress.replace('::ffff:', ''))).listen(${port}, () => console.log('ready'))`;
  await once(inside.start(process.execPath, '-e', program).stdout!, 'data');
}

/** Answers every UDP packet with its name. */
export async function serveUdp(inside: Namespace, name: string, port: number): Promise<void> {
  const program = `const socket = require('node:dgram').createSocket('udp4');
    socket.on('message', (_, from) => socket.send(${JSON.stringify(name)}, from.port, from.address));
    socket.bind(${port}, () => console.log('ready'))`;
  await once(inside.start(process.execPath, '-e', program).stdout!, 'data');
}

/** Who answered a GET, and as whom it saw the caller; `refused` or `timeout` when nobody did. */
export interface Answer {
  by: string;
  caller: string;
}

/** The answers to GETs one after the other, each on a connection of its own. */
export async function getOften(from: Namespace, url: string, times: number): Promise<Answer[]> {
  const program = `const once = () => new Promise((done) => require('node:http')
    .get(${JSON.stringify(url)}, { agent: false, timeout: 2000 }, async (response) => done((await response.toArray()).join('')))
    .on('timeout', function () { this.destroy(new Error('timeout')); })
    .on('error', (error) => done(error.code === 'ECONNREFUSED' ? 'refused -' : error.message === 'timeout' ? 'timeout -' : error.message)));
    (async () => { for (let i = 0; i < ${times}; i++) console.log(await once()); })()`;
  const lines = (await from.run(process.execPath, '-e', program)).trim().split('\n');
  return lines.map((line) => {
    const [by = '', caller = ''] = line.split(' ');
    return { by, caller };
  });
}

/** The answer to one GET. */
export async function get(from: Namespace, url: string): Promise<Answer> {
  const [answer] = await getOften(from, url, 1);
  return answer!;
}

/** Who answers one UDP packet sent from a fixed port; `nobody` after a second. */
export async function ask(from: Namespace, to: string, port: number, localPort: number): Promise<string> {
  const program = `const socket = require('node:dgram').createSocket('udp4');
    const end = (text) => { console.log(text); process.exit(0); };
    socket.on('message', (text) => end(String(text)));
    socket.on('error', () => end('nobody'));
    setTimeout(() => end('nobody'), 1000);
    socket.bind(${localPort}, () => socket.send('hello', ${port}, ${JSON.stringify(to)}))`;
  return (await from.run(process.execPath, '-e', program)).trim();
}
