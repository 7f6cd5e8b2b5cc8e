import type { ConfigMap, Namespace, Secret, ServiceAccount } from '@coracle/api/types/core/v1';
import type { Session } from '../session.ts';
import { Description, longTime } from './description.ts';
import { describeLimitsOf } from './limit-range.ts';
import { describeQuotasOf } from './resource-quota.ts';

export async function describeNamespace({ metadata, status }: Namespace, session: Session): Promise<Description> {
  const out = new Description();
  out.line(0, `Name:\t${metadata.name}`);
  out.labels('Labels', metadata.labels);
  out.annotations('Annotations', metadata.annotations);
  out.line(0, `Status:\t${status?.phase ?? ''}`);
  if (status?.conditions?.length) {
    out.line(0, 'Conditions:');
    out.line(1, 'Type\tStatus\tLastTransitionTime\tReason\tMessage');
    out.line(1, '----\t------\t------------------\t------\t-------');
    for (const each of status.conditions) {
      out.line(
        1,
        `${each.type}\t${each.status}\t${longTime(each.lastTransitionTime)}\t${each.reason ?? ''}\t${each.message ?? ''}`,
      );
    }
  }
  await describeQuotasOf(out, metadata.name ?? '', session);
  await describeLimitsOf(out, metadata.name ?? '', session);
  return out;
}

function head(out: Description, { name, namespace, labels, annotations }: ConfigMap['metadata']): void {
  out.line(0, `Name:\t${name}`);
  out.line(0, `Namespace:\t${namespace}`);
  out.labels('Labels', labels);
  out.annotations('Annotations', annotations);
}

const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');

export function describeConfigMap({ metadata, data = {}, binaryData = {} }: ConfigMap): Description {
  const out = new Description();
  head(out, metadata);
  out.append('\nData\n====\n');
  for (const key of Object.keys(data).sort()) out.append(`${key}:\n----\n${data[key]}\n\n`);
  out.append('\nBinaryData\n====\n');
  for (const key of Object.keys(binaryData).sort()) out.append(`${key}: ${bytesOf(binaryData[key]!).length} bytes\n`);
  out.append('\n');
  return out;
}

export function describeSecret({ metadata, type, data = {} }: Secret): Description {
  const out = new Description();
  head(out, metadata);
  out.append(`\nType:\t${type ?? ''}\n`);
  out.append('\nData\n====\n');
  for (const key of Object.keys(data).sort()) {
    const value = bytesOf(data[key]!);
    const isToken = key === 'token' && type === 'kubernetes.io/service-account-token';
    out.append(`${key}:\t${isToken ? value.toString('utf8') : `${value.length} bytes`}\n`);
  }
  return out;
}

export async function describeServiceAccount(account: ServiceAccount, session: Session): Promise<Description> {
  const out = new Description();
  head(out, account.metadata);
  const { items } = await session.rest.json<{ items: Secret[] | null }>(
    'GET',
    `/api/v1/namespaces/${encodeURIComponent(account.metadata.namespace!)}/secrets`,
  );
  const present = new Set((items ?? []).map((secret) => secret.metadata.name));
  const tokens = (items ?? [])
    .filter(({ type, metadata }) => {
      const annotations = metadata.annotations ?? {};
      return (
        type === 'kubernetes.io/service-account-token' &&
        annotations['kubernetes.io/service-account.name'] === account.metadata.name &&
        annotations['kubernetes.io/service-account.uid'] === account.metadata.uid
      );
    })
    .map((secret) => secret.metadata.name!);
  const lists: [string, string[]][] = [
    ['Image pull secrets:', (account.imagePullSecrets ?? []).map(({ name }) => name ?? '')],
    ['Mountable secrets: ', (account.secrets ?? []).map(({ name }) => name ?? '')],
    ['Tokens:            ', tokens],
  ];
  for (const [title, names] of lists) {
    if (names.length === 0) out.line(0, `${title}\t<none>`);
    for (const [i, name] of names.entries()) {
      out.line(0, `${i === 0 ? title : ' '.repeat(19)}\t${name}${present.has(name) ? '' : ' (not found)'}`);
    }
  }
  return out;
}
