import { counters, defaultSeconds, histograms } from '@coracle/process/series';
import type { Registry } from 'prom-client';

/** Told of each check of a request by an admission policy, and of the expressions that were compiled and run for it. */
export interface PolicyMetrics {
  compiled(seconds: number): void;
  evaluated(seconds: number): void;
  /** `action`: what became of it (`allow`, `deny`, `warn`, `audit`). */
  validated(policy: string, binding: string, action: string, errorType: PolicyErrorType, seconds: number): void;
  mutated(policy: string, binding: string, errorType: PolicyErrorType, seconds: number): void;
}

/** Whether an expression of a policy could be run. */
export type PolicyErrorType = 'no_error' | 'compile_error' | 'invalid_error' | 'out_of_budget';

/** Counts and times of admission policies, under upstream's metric names. */
export function policyMetrics(metrics: Registry): PolicyMetrics {
  const labels = ['policy', 'policy_binding', 'error_type'] as const;
  const seconds = [0.0000005, 0.001, 0.01, 0.1, 1];
  const family = <L extends string>(kind: 'validating' | 'mutating', names: readonly L[]) => ({
    total: counters(metrics, {
      name: `apiserver_${kind}_admission_policy_check_total`,
      help: `What ${kind} admission policies found, by policy and binding.`,
      labels: names,
    }),
    duration: histograms(metrics, {
      name: `apiserver_${kind}_admission_policy_check_duration_seconds`,
      help: `Seconds the expressions of ${kind} admission policies took, by policy and binding.`,
      labels: names,
      buckets: seconds,
    }),
  });
  const validating = family('validating', [...labels, 'enforcement_action']);
  const mutating = family('mutating', labels);
  const times = (what: string, help: string) =>
    histograms(metrics, { name: `apiserver_cel_${what}_duration_seconds`, help, buckets: defaultSeconds }).of({});
  const compilations = times('compilation', 'Seconds it took to compile the expressions of a policy.');
  const evaluations = times('evaluation', 'Seconds it took to run the expressions of a policy.');
  return {
    compiled: (time) => compilations.observe(time),
    evaluated: (time) => evaluations.observe(time),
    validated(policy, binding, action, errorType, time) {
      const of = { policy, policy_binding: binding, enforcement_action: action, error_type: errorType };
      validating.total.of(of).inc();
      validating.duration.of(of).observe(time);
    },
    mutated(policy, binding, errorType, time) {
      const of = { policy, policy_binding: binding, error_type: errorType };
      mutating.total.of(of).inc();
      mutating.duration.of(of).observe(time);
    },
  };
}

/** What kept an expression from being run, by the words of its error. */
export function errorTypeOf(message: string | undefined): PolicyErrorType {
  if (message === undefined) return 'no_error';
  if (message.startsWith('compilation error')) return 'compile_error';
  return message.includes('cost budget') ? 'out_of_budget' : 'invalid_error';
}
