import type { Endpoint } from './endpoints.ts';
import type { ServicePort } from './service-port.ts';

/** Where this proxy stands, for hints about closeness. */
export interface Place {
  readonly nodeName: string;
  /** Empty when the node has no zone label. */
  readonly zone: string;
}

export interface Chosen {
  /** For traffic that may go anywhere. */
  readonly cluster: readonly Endpoint[];
  /** For traffic that must stay on this node; empty also when no policy asks for it. */
  readonly local: readonly Endpoint[];
  /** Whether there is any usable endpoint anywhere, on this or another node. */
  readonly any: boolean;
}

/**
 * Chooses the endpoints traffic goes to: the ready ones; where there are none, those that are terminating but still serve
 * (KEP-1669). Hints keep cluster-wide traffic near, as long as every endpoint has one that this node can use (KEP-2433, 4444).
 */
export function chooseEndpoints(port: ServicePort, endpoints: readonly Endpoint[], place: Place): Chosen {
  const usable = readyOrServing(endpoints);
  const wantsLocal = port.internalLocal || port.externalLocal;
  const local = wantsLocal ? readyOrServing(endpoints.filter((each) => each.local)) : [];
  return { cluster: near(usable, place), local, any: usable.length > 0 || local.length > 0 };
}

function readyOrServing(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const ready = endpoints.filter((each) => each.ready);
  return ready.length > 0 ? ready : endpoints.filter((each) => each.serving && each.terminating);
}

function near(endpoints: readonly Endpoint[], place: Place): readonly Endpoint[] {
  const hinted = (names: (endpoint: Endpoint) => ReadonlySet<string> | undefined, mine: string) => {
    if (mine === '' || endpoints.some((each) => names(each) === undefined)) return undefined;
    const own = endpoints.filter((each) => names(each)!.has(mine));
    return own.length > 0 ? own : undefined;
  };
  return hinted((each) => each.nodes, place.nodeName) ?? hinted((each) => each.zones, place.zone) ?? endpoints;
}
