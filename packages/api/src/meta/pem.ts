import { isBase64 } from '../codec/base64.ts';

/** One block of a text in PEM (RFC 7468). */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, … */
  readonly type: string;
  readonly pem: string;
  readonly bytes: Buffer;
  /** Where it ends in its text. */
  readonly end: number;
}

/**
 * The blocks of a text, in order, each on lines of its own; what is between them is skipped, and so is one whose body is no base64, as in Go. Looks at
 * each part of the text once.
 */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let begun: { readonly type: string; readonly from: number; readonly body: number } | undefined;
  for (const { index, 0: line, 1: what, 2: type = '' } of text.matchAll(/^-----(BEGIN|END) (.*?)-----/gm)) {
    const end = index + line.length;
    // No body goes past where another block begins or ends.
    if (what === 'BEGIN') begun = { type, from: index, body: end };
    else {
      const bytes = begun?.type === type ? bodyOf(text.slice(begun.body, index)) : undefined;
      if (begun && bytes) blocks.push({ type, pem: text.slice(begun.from, end), bytes, end });
      begun = undefined;
    }
  }
  return blocks;
}

/** Whether headers (`Proc-Type: 4,ENCRYPTED`) stand before what is in a block. */
export const hasHeaders = ({ pem }: PemBlock): boolean => pem.includes(':');

/** What base64 stands for, headers before it left out; undefined: it is none. */
function bodyOf(text: string): Buffer | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const body = lines.filter((line) => !line.includes(':')).join('');
  return isBase64(body) ? Buffer.from(body, 'base64') : undefined;
}
