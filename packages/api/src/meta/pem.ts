/** One block of a text in PEM (RFC 7468). */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, … */
  readonly type: string;
  readonly pem: string;
  readonly bytes: Buffer;
}

/** The blocks of a text, in order; what is between them is skipped, and so is one whose body is no base64, as in Go. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  for (let from = text.indexOf('-----BEGIN '); from >= 0; from = text.indexOf('-----BEGIN ', from)) {
    const typeEnd = text.indexOf('-----', from + 11);
    if (typeEnd < 0) break;
    const type = text.slice(from + 11, typeEnd);
    const last = `-----END ${type}-----`;
    const end = text.indexOf(last, typeEnd);
    if (end < 0) break;
    const bytes = bodyOf(text.slice(typeEnd + 5, end));
    if (bytes) blocks.push({ type, pem: text.slice(from, end + last.length), bytes });
    from = end + last.length;
  }
  return blocks;
}

/** Whether headers (`Proc-Type: 4,ENCRYPTED`) stand before what is in a block. */
export const hasHeaders = ({ pem }: PemBlock): boolean => pem.includes(':');

/** What base64 stands for, headers before it left out; undefined: it is none. */
function bodyOf(text: string): Buffer | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const body = lines.filter((line) => !line.includes(':')).join('');
  if (body.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(body)) return undefined;
  return Buffer.from(body, 'base64');
}
