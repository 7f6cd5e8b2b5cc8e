/** The tracked flows of packets that were sent to one destination and are answered by one endpoint; there may be thousands. */
export interface Flow {
  readonly destination: string;
  readonly destinationPort: number;
  /** The endpoint that the destination was rewritten to; the destination itself where it was not. */
  readonly answeredBy: string;
}

/**
 * Reads what `conntrack -L` prints: one flow a line, each of its fields first for the one direction, then for the other. Flows that differ only
 * in who asked are one.
 */
export function parseFlows(text: string): Flow[] {
  const flows = new Map<string, Flow>();
  for (const line of text.split('\n')) {
    const values = (field: string) => [...line.matchAll(new RegExp(`\\b${field}=(\\S+)`, 'g'))].map((each) => each[1]!);
    const [, answeredBy] = values('src');
    const [destination] = values('dst');
    const [destinationPort] = values('dport');
    if (!answeredBy || !destination || !destinationPort) continue;
    const flow = { destination, destinationPort: Number(destinationPort), answeredBy };
    flows.set(`${destination} ${destinationPort} ${answeredBy}`, flow);
  }
  return [...flows.values()];
}
