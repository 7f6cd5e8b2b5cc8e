import { pod } from '../core/v1/pod.ts';
import type { Container, Pod, PodSpec } from '../generated/core/v1.ts';
import { validateCreate } from '../validate.ts';

/** What validation says of a new pod of this spec, which is a plain one where nothing else is said: the field and the message of each error. */
export function errorsOf(spec: Partial<PodSpec>, annotations?: Record<string, string>): string[] {
  const it: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', ...(annotations ? { annotations } : {}) },
    spec: { containers: [{ name: 'main', image: 'nginx' }], ...spec },
  };
  pod.defaults!(it);
  return validateCreate(pod, it).map((each) => `${each.field}: ${each.message}`);
}

/** The spec of a pod of one container. */
export const withContainer = (container: Partial<Container>): Partial<PodSpec> => ({
  containers: [{ name: 'main', image: 'nginx', ...container }],
});
