import { Status } from './status.ts';

/** Why each node was refused. Nodes without an entry of their own share one status. */
export class NodeStatuses {
  readonly #byNode = new Map<string, Status>();
  #others: Status;

  constructor(others = new Status('UnschedulableAndUnresolvable', [], '')) {
    this.#others = others;
  }

  set(node: string, status: Status): void {
    this.#byNode.set(node, status);
  }

  get(node: string): Status {
    return this.#byNode.get(node) ?? this.#others;
  }

  /** Sets the status of all nodes without an entry. */
  setOthers(status: Status): void {
    this.#others = status;
  }

  get others(): Status {
    return this.#others;
  }

  get size(): number {
    return this.#byNode.size;
  }

  [Symbol.iterator](): IterableIterator<[string, Status]> {
    return this.#byNode.entries();
  }
}
