import { StatusError } from '@coracle/api/meta/status';
import type { Pod } from '@coracle/api/types/core/v1';

/** The message of the refusal; empty when there is none. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return '';
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return `${error.code} ${error.message}`;
  }
}

/** Waits until a condition holds: what caches feed follows a write within moments. */
export async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 45_000;
  while (!(await condition())) {
    if (Date.now() > until) throw new Error('the condition did not come true within 45 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A pod bound to a node at once. */
export const podOn = (nodeName: string, name: string, more: Partial<Pod['spec']> = {}): Pod => ({
  metadata: { name, namespace: 'default' },
  spec: { nodeName, containers: [{ name: 'c', image: 'x' }], ...more },
});
