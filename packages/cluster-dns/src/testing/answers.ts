import { type Answer, type DecodedPacket, decode, encode, type RecordType } from 'dns-packet';

/** A query as a client sends it. */
export const query = (
  name: string,
  type: RecordType,
  options: { edns?: number; id?: number; flags?: number } = {},
): Buffer =>
  encode({
    type: 'query',
    id: options.id ?? 4711,
    flags: options.flags ?? 0x0100,
    questions: [{ type, name }],
    additionals: options.edns
      ? [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: options.edns,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ]
      : [],
  });

/** A record as a zone file writes it, without class and time to live. */
export function line(answer: Answer): string {
  if (answer.type === 'OPT') return 'OPT';
  const { name, type, data } = answer as { name: string; type: string; data: unknown };
  return `${name} ${type} ${dataText(type, data)}`;
}

function dataText(type: string, data: unknown): string {
  if (type === 'SRV') {
    const { priority, weight, port, target } = data as Record<string, unknown>;
    return `${priority} ${weight} ${port} ${target}`;
  }
  if (type === 'SOA') return String((data as { mname: string }).mname);
  return Array.isArray(data) ? data.join('') : String(data);
}

/** The parts of a reply that a test looks at, records as lines in alphabetical order. */
export interface Told {
  rcode: string;
  answers: string[];
  authorities: string[];
  additionals: string[];
  packet: DecodedPacket;
}

export function told(message: Buffer): Told {
  const packet = decode(message);
  const lines = (of: Answer[] | undefined): string[] => (of ?? []).map(line).sort();
  return {
    rcode: (packet as unknown as { rcode: string }).rcode,
    answers: lines(packet.answers),
    authorities: lines(packet.authorities),
    additionals: lines(packet.additionals).filter((each) => each !== 'OPT'),
    packet,
  };
}
