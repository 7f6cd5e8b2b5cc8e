import { encode, type SoaData, type SrvData } from 'dns-packet';
import { headerSize } from './codes.ts';

/** One record of an answer. Without an owner it is the name asked for, as the client wrote it. */
export type ResourceRecord = { owner?: string; ttl: number } & (
  | { type: 'A' | 'AAAA' | 'CNAME' | 'NS' | 'PTR'; data: string }
  | { type: 'TXT'; data: string }
  | { type: 'SRV'; data: SrvData }
  | { type: 'SOA'; data: SoaData }
);

/** Points at the question's name: it always begins right after the header. */
const questionName = Buffer.from([0xc0, headerSize]);

/** A record as bytes, its names uncompressed but for the question's own. */
export function encodeRecord({ owner, ...record }: ResourceRecord): Buffer {
  const bytes = encode({ type: 'response', answers: [{ ...record, name: owner ?? '.', class: 'IN' }] }).subarray(
    headerSize,
  );
  return owner === undefined ? Buffer.concat([questionName, bytes.subarray(1)]) : bytes;
}

/** Whether a name in text form (labels between dots, perhaps a dot at its end) fits the wire: labels up to 63 bytes, 255 in all. */
export function isEncodable(name: string): boolean {
  const labels = name.replace(/\.$/, '').split('.');
  return (
    labels.every((each) => each !== '' && Buffer.byteLength(each) <= 63) &&
    labels.reduce((sum, each) => sum + Buffer.byteLength(each) + 1, 1) <= 255
  );
}
