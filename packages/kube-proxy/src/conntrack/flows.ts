/** A tracked flow of packets: where the first one came from and was sent to, and who answers it. */
export interface Flow {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** The endpoint that the destination was rewritten to; the destination itself where it was not. */
  readonly answeredBy: string;
}

/** Reads what `conntrack -L` prints: one flow a line, each of its fields first for the one direction, then for the other. */
export function parseFlows(text: string): Flow[] {
  return text.split('\n').flatMap((line) => {
    const values = (field: string) => [...line.matchAll(new RegExp(`\\b${field}=(\\S+)`, 'g'))].map((each) => each[1]!);
    const [source, answeredBy] = values('src');
    const [destination] = values('dst');
    const [sourcePort] = values('sport');
    const [destinationPort] = values('dport');
    if (!source || !answeredBy || !destination || !sourcePort || !destinationPort) return [];
    const ports = { sourcePort: Number(sourcePort), destinationPort: Number(destinationPort) };
    return [{ source, destination, answeredBy, ...ports }];
  });
}
