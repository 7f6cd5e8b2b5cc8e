/** Record types by number (RFC 1035 and later ones), as far as the server treats them apart. */
export const types = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  IXFR: 251,
  AXFR: 252,
} as const;

export const classIn = 1;

/** Response codes (RFC 1035, RFC 6891). */
export const rcodes = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;

export type Rcode = (typeof rcodes)[keyof typeof rcodes];

/** The bits of the second 16-bit word of a header. */
export const bits = {
  response: 0x8000,
  opcode: 0x7800,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  checkingDisabled: 0x0010,
  rcode: 0x000f,
} as const;

export const headerSize = 12;

const typeNames = new Map<number, string>([
  ...Object.entries(types).map(([name, code]): [number, string] => [code, name]),
  [13, 'HINFO'],
  [15, 'MX'],
  [35, 'NAPTR'],
  [43, 'DS'],
  [46, 'RRSIG'],
  [47, 'NSEC'],
  [48, 'DNSKEY'],
  [64, 'SVCB'],
  [65, 'HTTPS'],
  [255, 'ANY'],
]);

/** A type's name for metrics; the rare ones share `other`, so that clients cannot make series without end. */
export const typeName = (type: number): string => typeNames.get(type) ?? 'other';

const rcodeNames = new Map<number, string>(Object.entries(rcodes).map(([name, code]) => [code, name]));

export const rcodeName = (rcode: number): string => rcodeNames.get(rcode) ?? String(rcode);
