/** A folder of the host that a node sees at a path of its own. */
export interface NodeMount {
  source: string;
  target: string;
  readonly: boolean;
}

/** Which node, and where its things are: enough to find one or to clean up after it. */
export interface NodeIdentity {
  cluster: string;
  name: string;
  /** The node's lasting folder on the host: its root's own files, and what is mounted into it. */
  folder: string;
  /** A folder on the host that need not outlive a reboot. The node sees it at /run/coracle. */
  runtime: string;
}

/** What makes a node, whatever kind of machine it then is. */
export interface NodeSpec extends NodeIdentity {
  /** Its address, with the prefix length of the cluster's network, and the host's address there. */
  address: string;
  prefixLength: number;
  gateway: string;
  bridge: string;
  mounts: readonly NodeMount[];
  /** What is below the node's own layer: the host's root, with all that is mounted into it, or a tree of the same kind somewhere. */
  lower: string;
  /** Files of the node's root that differ from what the root has below, by absolute path. */
  files: Readonly<Record<string, string>>;
  /** PID 1 and its arguments. */
  command: readonly string[];
  /** The signal that has PID 1 stop the node in order. */
  stopSignal: number;
}

/** A node that runs. */
export interface RunningNode {
  /** PID 1 of the node, as the host numbers it. */
  pid: number;
}

/**
 * Makes nodes out of something: containers of runc here, virtual machines one day. A driver keeps no state of its own: what runs is found by
 * looking, so that any `coracle` process can go on where another one was killed.
 */
export interface NodeDriver {
  /** What must hold on this host before anything is changed; throws Failure that names what does not. */
  check(): Promise<void>;
  /** Starts a node that does not run. When it fails, nothing of the attempt is left but the lasting folder. */
  start(spec: NodeSpec): Promise<RunningNode>;
  /** The node if it runs. */
  find(node: NodeIdentity): Promise<RunningNode | undefined>;
  /** Asks the node to stop in order, and resolves when it is gone. After `patience` milliseconds it is killed. Resolves to whether it stopped by itself. */
  stop(node: NodeIdentity, patience: number): Promise<boolean>;
  /** Removes what a node that was killed, or a host that crashed, left outside the lasting folder. */
  clean(node: NodeIdentity): Promise<void>;
  /** Runs a program within a running node and returns its output. */
  run(node: NodeIdentity, command: readonly [string, ...string[]], input?: string | Uint8Array): Promise<string>;
  /** Runs a program within a running node on this process's own input and output, a terminal where they are one. Resolves to its exit code. */
  attach(node: NodeIdentity, command: readonly [string, ...string[]]): Promise<number>;
}
