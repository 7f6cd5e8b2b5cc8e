/** A range of ports, both ends included. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
  /** `30000-32767`, as it is stored and shown. */
  readonly text: string;
}

/** Reads `--service-node-port-range`: `30000-32767`, `30000+2767` or one port. Throws on what is no range of ports, in upstream's words. */
export function parsePortRange(range: string): PortRange {
  const text = range.trim();
  if (text.includes('-') && text.includes('+')) throw new Error(`unable to parse port range: ${text}`);
  const sign = text.search(/[-+]/);
  const from = wholeNumber(sign < 0 ? text : text.slice(0, sign));
  const second = sign < 0 ? from : wholeNumber(text.slice(sign + 1));
  const to = text[sign] === '+' ? from + second : second;
  if (from > 65_535 || to > 65_535) throw new Error(`the port range cannot be greater than 65535: ${text}`);
  if (to < from) throw new Error(`end port cannot be less than start port: ${text}`);
  if (from < 1) throw new Error(`the port range cannot begin before 1: ${text}`);
  return { from, to, text: `${from}-${to}` };
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

/** The number of ports in a range. */
export function sizeOf({ from, to }: PortRange): number {
  return to - from + 1;
}
