import { NodeStatuses } from './node-statuses.ts';

/** What a failed search for a node found out. */
export interface Diagnosis {
  statuses: NodeStatuses;
  /** Plugins that refused the pod somewhere: events they care about will retry it. */
  unschedulablePlugins: Set<string>;
  pendingPlugins: Set<string>;
  preFilterMessage: string;
  postFilterMessage: string;
}

export function emptyDiagnosis(): Diagnosis {
  return {
    statuses: new NodeStatuses(),
    unschedulablePlugins: new Set(),
    pendingPlugins: new Set(),
    preFilterMessage: '',
    postFilterMessage: '',
  };
}

/** No node takes the pod. The message is what the event and the PodScheduled condition show. */
export class FitError extends Error {
  readonly nodes: number;
  readonly diagnosis: Diagnosis;

  constructor(nodes: number, diagnosis: Diagnosis) {
    super();
    this.name = 'FitError';
    this.nodes = nodes;
    this.diagnosis = diagnosis;
  }

  override get message(): string {
    return fitMessage(this.nodes, this.diagnosis);
  }
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: …` */
function fitMessage(nodes: number, { statuses, preFilterMessage, postFilterMessage }: Diagnosis): string {
  let message = `0/${nodes} nodes are available:`;
  if (preFilterMessage !== '') {
    message += ` ${preFilterMessage}.`;
  } else {
    const counts = new Map<string, number>();
    const count = (reason: string, by: number) => counts.set(reason, (counts.get(reason) ?? 0) + by);
    for (const [, status] of statuses) for (const reason of status.reasons) count(reason, 1);
    if (statuses.size < nodes) for (const reason of statuses.others.reasons) count(reason, nodes - statuses.size);
    const lines = [...counts].map(([reason, times]) => `${times} ${reason}`).sort();
    if (lines.length > 0) message += ` ${lines.join(', ')}.`;
  }
  return postFilterMessage === '' ? message : `${message} ${postFilterMessage}`;
}
