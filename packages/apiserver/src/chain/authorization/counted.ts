import { counters } from '@coracle/process/series';
import type { Registry } from 'prom-client';
import type { Authorizer, Decision } from './authorizer.ts';
import type { WantedAuthorizer } from './wanted.ts';

/** Counts what authorizers decide that ends the question, under upstream's metric name. */
export function decisionCounts(
  metrics: Registry,
): (authorizer: Authorizer, as: Pick<WantedAuthorizer, 'type' | 'name'>) => Authorizer {
  const family = counters(metrics, {
    name: 'apiserver_authorization_decisions_total',
    help: 'Decisions of authorizers that ended the question.',
    labels: ['type', 'name', 'decision'],
  });
  return (authorizer, { type, name }) => {
    const note = (decision: Decision): Decision => {
      if (decision.decision !== 'noOpinion') {
        family.of({ type, name, decision: decision.decision === 'allow' ? 'allowed' : 'denied' }).inc();
      }
      return decision;
    };
    return {
      authorize(attributes) {
        const decision = authorizer.authorize(attributes);
        return decision instanceof Promise ? decision.then(note) : note(decision);
      },
      rulesFor: (user, namespace) => authorizer.rulesFor(user, namespace),
    };
  };
}
