import type { Plugin } from '../framework/plugin.ts';

/** Orders the queue: higher priority first, then the pod that has waited longer. */
export function prioritySort(): Plugin {
  return {
    name: 'PrioritySort',
    less: (a, b) =>
      a.info.priority > b.info.priority || (a.info.priority === b.info.priority && a.timestamp < b.timestamp),
  };
}
