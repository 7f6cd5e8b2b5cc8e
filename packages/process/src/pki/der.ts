/** Where a value in DER stands, and of what type it says it is. */
interface Header {
  readonly class: number;
  readonly tag: number;
  readonly length: number;
  readonly isCompound: boolean;
  /** Where its content begins. */
  readonly content: number;
}

const sequence = 16;

const syntaxError = (problem: string): string => `asn1: syntax error: ${problem}`;
const structureError = (problem: string): string => `asn1: structure error: ${problem}`;

/**
 * What is wrong with the frame of a PKCS#10 request in DER, in the words of Go's library for ASN.1: it is one sequence that begins with another, and ends where the
 * bytes do. Undefined: nothing; what is in the inner sequence is not looked at.
 */
export function requestFrameProblem(der: Buffer): string | undefined {
  const outer = sequenceAt(der, 'certificateRequest');
  if (typeof outer === 'string') return outer;
  const end = outer.content + outer.length;
  if (end < der.length) return syntaxError('trailing data');
  const inner = sequenceAt(der.subarray(outer.content, end), 'tbsCertificateRequest');
  return typeof inner === 'string' ? inner : undefined;
}

/** The header of a sequence that stands at the beginning; a text: what is wrong. */
function sequenceAt(der: Buffer, type: string): Header | string {
  if (der.length === 0) return syntaxError('sequence truncated');
  const header = headerOf(der);
  if (typeof header === 'string') return header;
  const { class: kind, tag, length, isCompound, content } = header;
  if (kind !== 0 || tag !== sequence || !isCompound) {
    const found = `{class:${kind} tag:${tag} length:${length} isCompound:${isCompound}}`;
    const wanted =
      '{optional:false explicit:false application:false private:false defaultValue:<nil> tag:<nil> stringType:0 timeType:0 set:false omitEmpty:false}';
    return structureError(`tags don't match (${sequence} vs ${found}) ${wanted} ${type} @${content}`);
  }
  return content + length > der.length ? syntaxError('data truncated') : header;
}

function headerOf(der: Buffer): Header | string {
  const first = der[0]!;
  let tag = first & 0x1f;
  let at = 1;
  if (tag === 0x1f) {
    tag = 0;
    for (;;) {
      const part = der[at++];
      if (part === undefined) return syntaxError('truncated base 128 integer');
      if (at === 2 && part === 0x80) return syntaxError('integer is not minimally encoded');
      if (at > 6) return structureError('base 128 integer too large');
      tag = tag * 128 + (part & 0x7f);
      if (part < 0x80) break;
    }
    if (tag < 0x1f) return syntaxError('non-minimal tag');
  }
  const short = der[at++];
  if (short === undefined) return syntaxError('truncated tag or length');
  const length = short < 0x80 ? { value: short, at } : longLength(der, at, short & 0x7f);
  if (typeof length === 'string') return length;
  return { class: first >> 6, tag, length: length.value, isCompound: (first & 0x20) !== 0, content: length.at };
}

/** A length that is said in so many bytes, from `at` on. */
function longLength(der: Buffer, at: number, count: number): { value: number; at: number } | string {
  if (count === 0) return syntaxError('indefinite length found (not DER)');
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const part = der[i];
    if (part === undefined) return syntaxError('truncated tag or length');
    if (value >= 1 << 23) return structureError('length too large');
    value = value * 256 + part;
    if (value === 0) return structureError('superfluous leading zeros in length');
  }
  return value < 0x80 ? structureError('non-minimal length') : { value, at: at + count };
}
