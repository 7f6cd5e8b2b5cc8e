import type { Service } from '@coracle/api/types/core/v1';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import type { Chosen, Place } from './model/choose-endpoints.ts';
import { chooseEndpoints } from './model/choose-endpoints.ts';
import { endpointsByPort, portKey } from './model/endpoints.ts';
import type { Family } from './model/family.ts';
import type { ServicePort } from './model/service-port.ts';
import { servicePorts } from './model/service-port.ts';
import type { RulesetPart } from './nftables/ruleset.ts';
import type { RenderContext } from './nftables/service-rules.ts';
import { serviceRules } from './nftables/service-rules.ts';

/** A port of a Service with the endpoints chosen for it and its share of the table. */
export interface ProxiedPort {
  readonly port: ServicePort;
  readonly chosen: Chosen;
  readonly part: RulesetPart;
  /** Usable endpoints on this node. */
  readonly localEndpoints: number;
}

interface Rendered {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
  readonly ports: readonly ProxiedPort[];
}

/** Works out what each Service needs, and only again for those whose objects changed: informers hand out new objects for changes. */
export class ServiceModel {
  readonly #family: Family;
  #context: RenderContext;
  #place: Place;
  #rendered = new Map<string, Rendered>();

  constructor(family: Family, context: RenderContext, place: Place) {
    this.#family = family;
    this.#context = context;
    this.#place = place;
  }

  /** Takes over changed circumstances; everything is worked out again. */
  reset(context: RenderContext, place: Place): void {
    this.#context = context;
    this.#place = place;
    this.#rendered.clear();
  }

  /** The ports of all given Services, in the order of their names. `slicesOf` takes `namespace/name`. */
  update(services: Iterable<Service>, slicesOf: (key: string) => readonly EndpointSlice[]): ProxiedPort[] {
    const next = new Map<string, Rendered>();
    const keyed = [...services].map((each) => [`${each.metadata.namespace}/${each.metadata.name}`, each] as const);
    for (const [key, service] of keyed.sort(([a], [b]) => (a < b ? -1 : 1))) {
      const slices = slicesOf(key);
      const known = this.#rendered.get(key);
      const same = known?.service === service && sameItems(known.slices, slices);
      next.set(key, same ? known : { service, slices, ports: this.#render(service, slices) });
    }
    this.#rendered = next;
    return [...next.values()].flatMap((each) => each.ports);
  }

  #render(service: Service, slices: readonly EndpointSlice[]): ProxiedPort[] {
    const ports = servicePorts(service, this.#family);
    if (ports.length === 0) return [];
    const endpoints = endpointsByPort(slices, this.#family, this.#place.nodeName);
    return ports.map((port) => {
      const own = endpoints.get(portKey(port.portName, port.protocol)) ?? [];
      const chosen = chooseEndpoints(port, own, this.#place);
      const part = serviceRules(port, chosen, this.#context);
      return { port, chosen, part, localEndpoints: chosen.local.length };
    });
  }
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i]);
}
