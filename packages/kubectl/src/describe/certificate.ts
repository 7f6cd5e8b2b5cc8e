import { humanDuration } from '@coracle/api/meta/time';
import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';
import { Description, longTime } from './description.ts';

/** A certificate request, and what its PKCS#10 body asks for. */
export async function describeCertificateRequest({
  metadata,
  spec,
  status,
}: CertificateSigningRequest): Promise<Description> {
  // Few calls need it, and it is slow to load.
  const { parseRequest, requestSubject } = await import('@coracle/process/pki/request');
  const pem = Buffer.from(spec.request, 'base64').toString('utf8');
  const subject = requestSubject(pem);
  const names = parseRequest(pem);
  const out = new Description();
  const list = (title: string, values: readonly string[]): void => {
    if (values.length > 0) out.append(`\t${title}:\t${values.join('\n\t\t')}\n`);
  };
  out.line(0, `Name:\t${metadata.name}`);
  out.line(0, `Labels:\t${pairs(metadata.labels)}`);
  out.line(0, `Annotations:\t${pairs(metadata.annotations)}`);
  out.line(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}`);
  out.line(0, `Requesting User:\t${spec.username ?? ''}`);
  if (spec.signerName) out.line(0, `Signer:\t${spec.signerName}`);
  if (spec.expirationSeconds !== undefined)
    out.line(0, `Requested Duration:\t${humanDuration(spec.expirationSeconds * 1000)}`);
  out.line(0, `Status:\t${statusText(status)}`);
  out.line(0, 'Subject:');
  out.line(0, `\tCommon Name:\t${subject.commonName}`);
  out.line(0, `\tSerial Number:\t${subject.serialNumber}`);
  list('Organization', subject.organizations);
  list('Organizational Unit', subject.organizationalUnits);
  list('Country', subject.countries);
  list('Locality', subject.localities);
  list('Province', subject.provinces);
  list('StreetAddress', subject.streetAddresses);
  list('PostalCode', subject.postalCodes);
  const { dnsNames, emailAddresses, uris, ipAddresses } = names;
  if (dnsNames.length + emailAddresses.length + uris.length + ipAddresses.length > 0) {
    out.line(0, 'Subject Alternative Names:');
    list('DNS Names', dnsNames);
    list('Email Addresses', emailAddresses);
    list('URIs', uris);
    list('IP Addresses', ipAddresses);
  }
  return out;
}

/** `a=b,c=d`, on one line. */
function pairs(map: Readonly<Record<string, string>> | undefined): string {
  const keys = Object.keys(map ?? {}).sort();
  return keys.length === 0 ? '<none>' : keys.map((key) => `${key}=${map![key]}`).join(',');
}

function statusText(status: CertificateSigningRequest['status']): string {
  const has = (type: string): boolean => status?.conditions?.some((each) => each.type === type) ?? false;
  const words = [has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'];
  if (has('Failed')) words.push('Failed');
  if (status?.certificate) words.push('Issued');
  return words.join(',');
}
