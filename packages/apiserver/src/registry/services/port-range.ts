/** A range of ports, both ends included. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
  /** `30000-32767`, as it is stored and shown. */
  readonly text: string;
}

/** Reads `--service-node-port-range`: `30000-32767` or `30000+2767`. Throws on what is no range of ports. */
export function parsePortRange(range: string): PortRange {
  const match = /^(\d{1,5})([-+])(\d{1,5})$/.exec(range);
  const from = Number(match?.[1]);
  const to = match?.[2] === '+' ? from + Number(match[3]) : Number(match?.[3]);
  if (!match || from < 1 || to > 65_535 || to < from) {
    throw new Error(`unable to parse port range: ${range}: it must be like 30000-32767, within 1-65535`);
  }
  return { from, to, text: `${from}-${to}` };
}

/** The number of ports in a range. */
export function sizeOf({ from, to }: PortRange): number {
  return to - from + 1;
}
