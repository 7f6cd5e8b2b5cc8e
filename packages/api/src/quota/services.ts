import type { Service } from '../generated/core/v1.ts';
import { Quantity } from '../meta/quantity.ts';
import type { Amounts } from '../meta/resources.ts';
import { one } from './counts.ts';
import type { Evaluator } from './evaluator.ts';

const names = ['count/services', 'services', 'services.loadbalancers', 'services.nodeports'];

/** Services count by themselves, and by the load balancers and ports of nodes that their type asks for. */
export const serviceEvaluator: Evaluator = {
  bounds: (name) => names.includes(name),
  usage(object) {
    const { spec } = object as Service;
    const usage: Amounts = new Map([
      ['count/services', one],
      ['services', one],
    ]);
    const isBalanced = spec?.type === 'LoadBalancer';
    usage.set('services.loadbalancers', isBalanced ? one : Quantity.zero);
    const ports = isBalanced || spec?.type === 'NodePort' ? (spec?.ports ?? []) : [];
    // The ports are asked for before they are allocated, so what counts is what is meant.
    const chosen = isBalanced && spec?.allocateLoadBalancerNodePorts === false;
    const taken = chosen ? ports.filter(({ nodePort }) => nodePort) : ports;
    return usage.set('services.nodeports', Quantity.fromNumber(taken.length));
  },
  charges: (operation, subresource) => subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
};
