import type { RequestContext } from './link.ts';

const longRunning = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);

/** Whether requests of a subresource of this name may last, whoever serves it. */
export const isLongRunningName = (subresource: string): boolean => longRunning.has(subresource);

/**
 * Whether a request lasts as long as its client likes and is no watch: how many there are is not limited. An upgrade of what has no subresource is taken
 * by nobody, and answered as any other request.
 */
export function isUnlimited({ info, upgrade }: RequestContext): boolean {
  return (
    info.verb === 'proxy' || isLongRunningName(info.subresource) || (upgrade !== undefined && info.subresource !== '')
  );
}
