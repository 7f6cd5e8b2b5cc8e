/** The request never got an answer. `host` is the authority of the URL asked; `refused` when nobody listens there. */
export class ConnectionFailure extends Error {
  readonly host: string;
  readonly refused: boolean;

  constructor(server: string, cause: Error, message = cause.message) {
    super(message, { cause });
    this.host = URL.parse(server)?.host ?? server;
    this.refused = message.includes('connection refused');
  }
}
