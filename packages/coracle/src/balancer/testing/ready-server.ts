/**
 * A TLS server for tests: `ready-server.ts FOLDER` serves with FOLDER/tls.crt and prints its port. /readyz says ok, or 500 from SIGUSR2 on;
 * /hold answers with a first line and never ends.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const folder = process.argv[2]!;
let ready = true;
process.on('SIGUSR2', () => {
  ready = false;
});
const server = createServer(
  { cert: readFileSync(join(folder, 'tls.crt')), key: readFileSync(join(folder, 'tls.key')) },
  (request, response) => {
    if (request.url === '/hold') {
      response.write(`${process.pid}\n`);
      return;
    }
    response.statusCode = ready ? 200 : 500;
    response.end('ok');
  },
);
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
