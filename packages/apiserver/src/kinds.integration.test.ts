import { readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { builtinKinds } from '@coracle/api/builtin';
import { decodeProtobuf, encodeProtobuf, protobufType } from '@coracle/api/codec/protobuf';
import { formatYaml, parseFirstYamlDocument } from '@coracle/api/codec/yaml';
import type { AnyKind } from '@coracle/api/kind';
import { makeServiceAccountKeys } from '@coracle/process/pki';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { aggregatedType } from './discovery/aggregated.ts';
import { exampleNames, examples } from './testing/examples.ts';
import { eventually } from './testing/expectations.ts';
import type { Answer } from './testing/http.ts';
import { ownProgram } from './testing/own-program.ts';

/*
 * Every kind, in every form, as a cluster serves it.
 */

const own = ownProgram(async (folder) => {
  const keys = join(folder, 'sa.key');
  await writeFile(keys, (await makeServiceAccountKeys('ec-p256')).privateKey, { mode: 0o600 });
  return [
    // What it adds to pods has another name each time.
    '--disable-admission-plugins=ServiceAccount',
    '--service-account-issuer=https://issuer.example',
    `--service-account-key-file=${keys}`,
    `--service-account-signing-key-file=${keys}`,
  ];
});
const { call } = own;

const ok = async (...request: Parameters<typeof call>): Promise<Answer> => {
  const answer = await call(...request);
  expect([answer.status, answer.text.slice(0, answer.status > 201 ? 500 : 0)]).toEqual([answer.status, '']);
  return answer;
};

const named = (kind: AnyKind) => `${kind.apiVersion} ${kind.kind}`;
const root = (apiVersion: string) => `${apiVersion.includes('/') ? '/apis' : '/api'}/${apiVersion}`;
/** Each kind has a namespace of its own, so that none is bound by another's quotas and ranges. */
const namespaceOf = ({ kind, plural, version }: AnyKind) => (kind === 'Event' ? 'default' : `${plural}-${version}`);
const collection = (kind: AnyKind) =>
  `${root(kind.apiVersion)}${kind.namespaced ? `/namespaces/${namespaceOf(kind)}` : ''}/${kind.plural}`;
const kept = builtinKinds.filter((kind) => kind.verbs.includes('get') && !kind.isComputed);

function exampleOf(kind: AnyKind) {
  const { metadata, ...rest } = examples[named(kind)] as { metadata?: object };
  const name = exampleNames[named(kind)] ?? 'example';
  return { apiVersion: kind.apiVersion, kind: kind.kind, metadata: { ...metadata, name }, ...rest };
}

/** What is said of an object once it is there, by the server itself. */
// biome-ignore lint/suspicious/noExplicitAny: as `Answer.body`.
const settled: Readonly<Record<string, (body: any) => boolean>> = {
  FlowSchema: ({ status }) => status?.conditions !== undefined,
  APIService: ({ status }) => status?.conditions !== undefined,
  CustomResourceDefinition: ({ status }) =>
    status?.conditions?.some(
      (it: { type: string; status: string }) => it.type === 'Established' && it.status === 'True',
    ),
  ValidatingAdmissionPolicy: ({ status }) => status?.observedGeneration === 1,
};

const selector = { selector: { matchLabels: { more: 'x' } }, template: { metadata: { labels: { more: 'x' } } } };
/** By apiVersion and kind: a change that may not be, and the field that is refused. */
const immutable: Readonly<Record<string, readonly [change: object, field: string]>> = {
  'v1 Secret': [{ type: 'other' }, 'type'],
  'v1 PersistentVolumeClaim': [{ spec: { accessModes: ['ReadWriteMany'] } }, 'spec'],
  'v1 PersistentVolume': [{ spec: { csi: { volumeHandle: 'i' } } }, 'spec.persistentvolumesource'],
  'v1 Pod': [{ spec: { restartPolicy: 'Never' } }, 'spec'],
  'v1 Service': [{ spec: { clusterIP: '10.96.0.77', clusterIPs: ['10.96.0.77'] } }, 'spec.clusterIPs[0]'],
  'apps/v1 ControllerRevision': [{ data: { a: 2 } }, 'data'],
  'apps/v1 DaemonSet': [{ spec: selector }, 'spec.selector'],
  'apps/v1 Deployment': [{ spec: selector }, 'spec.selector'],
  'apps/v1 ReplicaSet': [{ spec: selector }, 'spec.selector'],
  'apps/v1 StatefulSet': [{ spec: { serviceName: 't' } }, 'spec'],
  'batch/v1 Job': [{ spec: { template: { metadata: { labels: { a: 'b' } } } } }, 'spec.template'],
  'discovery.k8s.io/v1 EndpointSlice': [{ addressType: 'FQDN' }, 'addressType'],
  'networking.k8s.io/v1 IngressClass': [{ spec: { controller: 'c.example/b' } }, 'spec.controller'],
  'networking.k8s.io/v1 IPAddress': [{ spec: { parentRef: { name: 't' } } }, 'spec.parentRef'],
  'networking.k8s.io/v1 ServiceCIDR': [{ spec: { cidrs: ['10.201.0.0/24'] } }, 'spec.cidrs[0]'],
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': [{ roleRef: { name: 'q' } }, 'roleRef'],
  'rbac.authorization.k8s.io/v1 RoleBinding': [{ roleRef: { name: 'q' } }, 'roleRef'],
  'storage.k8s.io/v1 CSIDriver': [{ spec: { attachRequired: false } }, 'spec.attachedRequired'],
  'storage.k8s.io/v1 CSIStorageCapacity': [{ storageClassName: 't' }, 'storageClassName'],
  'storage.k8s.io/v1 StorageClass': [{ provisioner: 'e.example' }, 'provisioner'],
  'storage.k8s.io/v1 VolumeAttachment': [{ spec: { nodeName: 'm' } }, 'spec'],
  'storage.k8s.io/v1 VolumeAttributesClass': [{ driverName: 'e.example' }, 'driverName'],
  'scheduling.k8s.io/v1 PriorityClass': [{ value: 2 }, 'value'],
  'node.k8s.io/v1 RuntimeClass': [{ handler: 'i' }, 'handler'],
  'resource.k8s.io/v1 ResourceClaim': [{ spec: { devices: { requests: [] } } }, 'spec'],
  'resource.k8s.io/v1 ResourceClaimTemplate': [{ spec: { spec: { devices: { requests: [] } } } }, 'spec'],
  'resource.k8s.io/v1 ResourceSlice': [{ spec: { driver: 'e.example' } }, 'spec.driver'],
};

describe('discovery', () => {
  interface Resource {
    name: string;
    singularName: string;
    namespaced: boolean;
    kind: string;
    verbs: string[];
    shortNames?: string[];
    categories?: string[];
  }
  interface Described {
    description?: string;
    'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
  }
  const golden = new URL('./discovery/testdata/resources.txt', import.meta.url);
  const listed: string[] = [];

  /** A line a resource: its names, scope, short names, categories and verbs. */
  const lineOf = (apiVersion: string, it: Resource) =>
    [
      apiVersion,
      it.name,
      it.singularName || '-',
      it.kind,
      it.namespaced ? 'namespaced' : 'cluster',
      it.shortNames?.join() ?? '-',
      it.categories?.join() ?? '-',
      it.verbs.join(),
    ].join(' ');

  it("names all resources and subresources as upstream's does; UPDATE_GOLDEN=1 writes the file anew", async () => {
    const { groups } = (await ok('GET', '/apis')).body;
    const versions = groups.flatMap((group: { versions: { groupVersion: string }[] }) =>
      group.versions.map(({ groupVersion }) => groupVersion),
    );
    for (const apiVersion of ['v1', ...versions]) {
      const { resources } = (await ok('GET', root(apiVersion))).body;
      listed.push(...resources.map((each: Resource) => lineOf(apiVersion, each)));
    }
    const text = `${listed.join('\n')}\n`;
    if (process.env.UPDATE_GOLDEN) await writeFile(golden, text);
    expect(text).toBe(await readFile(golden, 'utf8'));
  });

  it('says the same in one answer', async () => {
    interface Discovered {
      resource: string;
      singularResource: string;
      scope: string;
      responseKind: { kind: string };
      verbs: string[];
      shortNames?: string[];
      categories?: string[];
      subresources?: { subresource: string; responseKind: { kind: string }; verbs: string[] }[];
    }
    const lines: string[] = [];
    for (const at of ['/api', '/apis']) {
      const { headers, body } = await ok('GET', at, undefined, { accept: aggregatedType });
      const again = await call('GET', at, undefined, { accept: aggregatedType, 'if-none-match': headers.get('etag')! });
      expect(again.status).toBe(304);
      for (const { metadata, versions } of body.items) {
        for (const { version, resources } of versions) {
          const apiVersion = metadata.name ? `${metadata.name}/${version}` : version;
          for (const {
            resource,
            singularResource,
            scope,
            responseKind,
            subresources = [],
            ...rest
          } of resources as Discovered[]) {
            const namespaced = scope === 'Namespaced';
            const of = { name: resource, singularName: singularResource, namespaced, kind: responseKind.kind, ...rest };
            lines.push(lineOf(apiVersion, of));
            for (const {
              subresource,
              responseKind: { kind },
              verbs,
            } of subresources) {
              lines.push(
                lineOf(apiVersion, { name: `${resource}/${subresource}`, singularName: '', namespaced, kind, verbs }),
              );
            }
          }
        }
      }
    }
    expect(lines).toEqual(listed);
  });

  it('is described by OpenAPI v2, and by v3: a document a group-version, named by its hash', async () => {
    const v2 = (await ok('GET', '/openapi/v2')).body as { definitions: Record<string, Described> };
    const { paths } = (await ok('GET', '/openapi/v3')).body as { paths: Record<string, { serverRelativeURL: string }> };
    for (const apiVersion of new Set(kept.map((kind) => kind.apiVersion))) {
      const { serverRelativeURL = '' } = paths[root(apiVersion).slice(1)] ?? {};
      expect(serverRelativeURL).toMatch(/\?hash=[0-9A-F]+$/);
      const { components } = (await ok('GET', serverRelativeURL)).body as {
        components: { schemas: Record<string, Described> };
      };
      for (const { group, version, kind } of kept.filter((each) => each.apiVersion === apiVersion)) {
        for (const schemas of [components.schemas, v2.definitions]) {
          const own = Object.values(schemas).find((each) =>
            each['x-kubernetes-group-version-kind']?.some(
              (it) => it.group === group && it.version === version && it.kind === kind,
            ),
          );
          expect([kind, own?.description]).toEqual([kind, expect.stringMatching(/\w/)]);
        }
      }
    }
  });
});

/** What an object says: protobuf does not tell what is zero or empty from what is not there, and has no place for the kind of a claim's template. */
function said(value: unknown, key = ''): unknown {
  if (typeof value !== 'object' || value === null) return value || undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((each) => said(each, key));
  const entries = Object.entries(value)
    .filter(([name]) => key !== 'volumeClaimTemplates' || (name !== 'apiVersion' && name !== 'kind'))
    .flatMap(([name, each]) => {
      const left = said(each, name);
      return left === undefined ? [] : [[name, left]];
    });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
const decoded = (bytes: Buffer, type: string) => decodeProtobuf(bytes, () => type);

/** The first event of a watch in protobuf: its type, and the object. */
function firstEvent(path: string, kind: AnyKind): Promise<[string, unknown]> {
  return new Promise((resolve, reject) => {
    const headers = { accept: `${protobufType};stream=watch` };
    const asking = get(own.program.url + path, { ...own.program.admin, agent: false, headers }, (response) => {
      let bytes: Buffer = Buffer.alloc(0);
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
        if (bytes.length < 4 || bytes.length < 4 + bytes.readUInt32BE(0)) return;
        const event = bytes.subarray(4, 4 + bytes.readUInt32BE(0));
        response.destroy();
        resolve([
          event.subarray(2, 2 + event[1]!).toString(),
          decoded(event.subarray(event.indexOf('k8s\0')), kind.type),
        ]);
      });
    });
    asking.on('error', reject);
  });
}

describe.each(kept.map((kind) => [named(kind), kind] as const))('%s', (_, kind) => {
  const example = exampleOf(kind);
  const { name } = example.metadata;
  const at = `${collection(kind)}/${name}`;
  const as = (form: string) => ({ accept: `application/json;as=${form};g=meta.k8s.io;v=v1` });
  const asProtobuf = { 'content-type': protobufType };
  beforeAll(async () => {
    if (kind.namespaced) await call('POST', '/api/v1/namespaces', { metadata: { name: namespaceOf(kind) } });
  });

  it('is the same object whether it comes as JSON, YAML or protobuf', async () => {
    const sent = async (body: string | Buffer, type: string) => {
      const { body: made } = await ok('POST', `${collection(kind)}?dryRun=All&fieldManager=m`, body, {
        'content-type': type,
      });
      const text = JSON.stringify(made)
        .replaceAll(made.metadata.uid, 'UID')
        .replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'NOW');
      // A Service gets another address each time.
      return JSON.parse(text.replace(/10\.96\.\d+\.\d+/g, 'ADDRESS'));
    };
    const json = await sent(JSON.stringify(example), 'application/json');
    expect(await sent(formatYaml(example), 'application/yaml')).toEqual(json);
    expect(await sent(encodeProtobuf(example, kind.type), protobufType)).toEqual(json);
  });

  it('is kept, shown in every form, written back without a change, and deleted', async () => {
    await ok('POST', collection(kind), example);
    await eventually(async () => settled[kind.kind]?.((await ok('GET', at)).body) ?? true);
    const { body } = await ok('GET', at);
    const { resourceVersion } = body.metadata;
    expect(body).toMatchObject({ apiVersion: kind.apiVersion, kind: kind.kind, metadata: { name } });

    const yaml = await ok('GET', at, undefined, { accept: 'application/yaml' });
    expect(parseFirstYamlDocument(yaml.text)?.value).toEqual(body);
    const binary = await ok('GET', at, undefined, { accept: protobufType });
    expect(said(decoded(binary.bytes, kind.type))).toEqual(said(body));
    const back = await ok('PUT', at, binary.bytes, asProtobuf);
    expect(back.body).toEqual(body);

    const { body: table } = await ok('GET', at, undefined, as('Table'));
    expect(table.rows.map(({ cells }: { cells: [] }) => cells.length)).toEqual([table.columnDefinitions.length]);
    const { body: partial } = await ok('GET', at, undefined, as('PartialObjectMetadata'));
    expect(partial).toEqual({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: body.metadata });
    const misfits = ['PartialObjectMetadataList', 'Chart'].map((form) => call('GET', at, undefined, as(form)));
    expect((await Promise.all(misfits)).map(({ status }) => status)).toEqual([406, 406]);

    const itself = `${collection(kind)}?fieldSelector=metadata.name=${name}`;
    const { body: list } = await ok('GET', itself);
    const { apiVersion, kind: itsKind, ...item } = body;
    expect([list.kind, list.apiVersion, list.items]).toEqual([`${itsKind}List`, apiVersion, [item]]);
    const lists = await ok('GET', itself, undefined, { accept: protobufType });
    expect(said(decoded(lists.bytes, `${kind.type}List`).items)).toEqual([said(item)]);
    for (const [field, selected] of Object.entries(kind.selectableFields ?? {})) {
      const value = encodeURIComponent(selected(body).replace(/[\\,=]/g, '\\$&'));
      const found = (await ok('GET', `${itself},${field}=${value}`)).body.items;
      const others = (await ok('GET', `${itself},${field}!=${value}`)).body.items;
      expect([field, found, others]).toEqual([field, [item], []]);
    }
    if (kind.verbs.includes('watch')) {
      const [type, object] = await firstEvent(`${itself}&watch=true&resourceVersion=0`, kind);
      expect([type, said(object)]).toEqual(['ADDED', said(body)]);
    }
    if (kind.subresources?.status) expect((await ok('GET', `${at}/status`)).body).toEqual(body);
    if (kind.subresources?.scale)
      expect((await ok('GET', `${at}/scale`)).body).toMatchObject({ kind: 'Scale', metadata: { name } });

    const [change, field] = immutable[named(kind)] ?? [];
    if (change) {
      const refused = await call('PATCH', at, change, { 'content-type': 'application/merge-patch+json' });
      const fields = refused.body.details?.causes.map((cause: { field: string }) => cause.field);
      expect([refused.status, refused.body.message, fields]).toEqual([
        422,
        expect.any(String),
        expect.arrayContaining([field]),
      ]);
    }
    expect((await ok('GET', at)).body.metadata.resourceVersion).toBe(resourceVersion);

    const many = kind.verbs.includes('deletecollection');
    await ok('DELETE', many ? itself : at);
    const gone = await call('GET', at);
    if (gone.status !== 404) expect(gone.body.metadata.deletionTimestamp).toEqual(expect.any(String));
  });
});
