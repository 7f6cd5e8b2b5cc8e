/** How it is found out that a service answers: it accepts a connection, or says 200 at a URL, with a certificate of the authority in a file. */
export type Probe =
  | { unix: string }
  | { tcp: { host: string; port: number } }
  | { https: { url: string; authority: string } };

/** A process the supervisor keeps running. */
export interface ServiceSettings {
  name: string;
  /** Program and arguments. */
  command: string[];
  env?: Record<string, string>;
  /** Runs as this user and group (numbers) and without any capability but `capabilities`; as root with all of them otherwise. */
  user?: { uid: number; gid: number; capabilities?: string[] };
  /** Services that must answer before this one is started. */
  after: string[];
  /** Without one, a service counts as answering as soon as its process runs. */
  probe?: Probe;
  /** Folders that are made, and given to the service's user, before it starts. */
  folders: { path: string; mode: number }[];
  /** Services of a higher rank are stopped first. */
  stopRank: number;
  /** Differs when the files it reads do, so that it must be started anew to see them. */
  version?: string;
}

/** What the supervisor of a node reads from the file it is started with. */
export interface NodeSettings {
  node: string;
  /** Where it answers questions about its state. */
  socket: string;
  /** Where each service's output goes, `<name>.log`. */
  logs: string;
  /** The folder the programs are in. It may lie below folders that only root may enter. */
  checkout: string;
  services: ServiceSettings[];
}

/** The state of one service, as the control socket tells it. */
export interface ServiceStatus {
  name: string;
  /** `waiting` for what it needs, `starting` until it answers, `running`, `failed` until its next start, `stopping`, `stopped`. */
  state: 'waiting' | 'starting' | 'running' | 'failed' | 'stopping' | 'stopped';
  /** Its process within the node. */
  pid?: number;
  restarts: number;
  /** When it came into this state, in milliseconds since 1970. */
  since: number;
  /** How it last ended: `exit code 1`, `signal SIGKILL`. */
  lastEnd?: string;
}

/** What the control socket answers to `status`. */
export interface NodeStatus {
  node: string;
  /** `stopping` from the first SIGTERM on. */
  state: 'running' | 'stopping';
  services: ServiceStatus[];
}
