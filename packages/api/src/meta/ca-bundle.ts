import { X509Certificate } from 'node:crypto';
import { hasHeaders, pemBlocks } from './pem.ts';

/** What is wrong with the authorities (PEM in base64) that a server's certificate is checked against, in upstream's words; undefined: nothing, or there are none. */
export function caBundleProblem(base64: string | undefined): string | undefined {
  if (!base64) return undefined;
  const text = Buffer.from(base64, 'base64').toString('latin1');
  const blocks = pemBlocks(text);
  const certificates = blocks.filter((block) => block.type === 'CERTIFICATE' && !hasHeaders(block));
  if (certificates.some(({ bytes }) => isCertificate(bytes))) return undefined;
  const last = blocks.at(-1);
  // The line a block ends on is all read with it.
  const rest = last ? text.slice(last.end).replace(/^[ \t\r]*\n/, '') : text;
  let problem = 'no valid certificate authority data seen';
  if (certificates.length > 0) problem = 'failed to parse certificate: x509: malformed certificate';
  else if (rest !== '') problem = 'unable to parse bytes as PEM block';
  return `unable to load root certificates: ${problem}`;
}

function isCertificate(der: Buffer): boolean {
  try {
    new X509Certificate(der);
    return true;
  } catch {
    return false;
  }
}
