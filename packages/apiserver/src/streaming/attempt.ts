import type { ClientRequest } from 'node:http';
import { dialMessage } from '@coracle/client/http1';
import { authorityOf } from './ask-upgrade.ts';

type Failure = NodeJS.ErrnoException & { rawPacket?: Buffer };

/** Follows a request to a target, to tell afterwards in Go's words why it failed. */
export class Attempt {
  readonly #target: URL;
  readonly #outgoing: ClientRequest;
  /** This end of the connection, from when it stands. */
  #from: string | undefined;

  constructor(outgoing: ClientRequest, target: { secure: boolean; host: string; port: number }) {
    this.#target = new URL(`${target.secure ? 'https' : 'http'}://${authorityOf(target)}`);
    this.#outgoing = outgoing;
    outgoing.once('socket', (socket) => {
      const connected = () => {
        const { localAddress = '', localPort = 0 } = socket;
        this.#from = authorityOf({ host: localAddress, port: localPort });
      };
      if (!socket.connecting)
        connected(); // a kept one
      else socket.once(target.secure ? 'secureConnect' : 'connect', connected);
    });
  }

  /** Why there is no answer. */
  unanswered(error: Failure): string {
    if (this.#from === undefined) return dialMessage(this.#target, error);
    const why = this.#broken(error);
    return why === 'EOF' || why.startsWith('read tcp') ? why : `net/http: HTTP/1.x transport connection broken: ${why}`;
  }

  /** Why there is no answer to a request to upgrade. */
  notUpgraded(error: Failure): string {
    if (this.#from === undefined) return `error dialing backend: ${dialMessage(this.#target, error)}`;
    const why = this.#broken(error);
    return why === 'EOF' ? 'unexpected EOF' : why;
  }

  #broken(error: Failure): string {
    const { rawPacket, code = '', syscall } = error;
    if (rawPacket && code.startsWith('HPE_')) return malformed(rawPacket.toString('latin1'));
    if (code !== 'ECONNRESET') return dialMessage(this.#target, error);
    if (syscall === 'read') return `read tcp ${this.#from}->${this.#target.host}: read: connection reset by peer`;
    const { socket, reusedSocket } = this.#outgoing;
    return reusedSocket || !socket?.bytesRead ? 'EOF' : 'unexpected EOF';
  }
}

/** What is wrong with the head of an answer. */
function malformed(head: string): string {
  const [first = '', ...lines] = head.split('\r\n\r\n', 1)[0]!.split(/\r?\n/);
  const header = lines.find((line) => !line.includes(':'));
  if (!/^HTTP\/\d\.\d \d{3}/.test(first) || header === undefined)
    return `malformed HTTP response ${JSON.stringify(first)}`;
  return `malformed MIME header: missing colon: ${JSON.stringify(header)}`;
}
