import { type FieldSchema, objectSchemaOf, type Schema, schemaOf } from '../schema.ts';
import { isObject } from './object.ts';

/*
 * Some messages of upstream show a value as its internal types print: Go's field names, and every field, set or not. Types of
 * meta/v1 are their own internal form, and print as they are written in manifests.
 */

/** Names that are not the JSON name with a capital. */
const goNames: Readonly<Record<string, string>> = {
  apiGroup: 'APIGroup',
  apiVersion: 'APIVersion',
  awsElasticBlockStore: 'AWSElasticBlockStore',
  cel: 'CEL',
  cephfs: 'CephFS',
  chapAuthDiscovery: 'DiscoveryCHAPAuth',
  chapAuthSession: 'SessionCHAPAuth',
  cidrs: 'CIDRs',
  csi: 'CSI',
  diskURI: 'DataDiskURI',
  dnsConfig: 'DNSConfig',
  dnsPolicy: 'DNSPolicy',
  endpoints: 'EndpointsName',
  fc: 'FC',
  fsGroup: 'FSGroup',
  fsGroupChangePolicy: 'FSGroupChangePolicy',
  fsType: 'FSType',
  gcePersistentDisk: 'GCEPersistentDisk',
  gmsaCredentialSpec: 'GMSACredentialSpec',
  gmsaCredentialSpecName: 'GMSACredentialSpecName',
  grpc: 'GRPC',
  httpGet: 'HTTPGet',
  httpHeaders: 'HTTPHeaders',
  ip: 'IP',
  ips: 'IPs',
  iqn: 'IQN',
  iscsi: 'ISCSI',
  iscsiInterface: 'ISCSIInterface',
  monitors: 'CephMonitors',
  nfs: 'NFS',
  os: 'OS',
  pdName: 'PDName',
  rbd: 'RBD',
  seLinuxChangePolicy: 'SELinuxChangePolicy',
  seLinuxOptions: 'SELinuxOptions',
  storageos: 'StorageOS',
  tcpSocket: 'TCPSocket',
  tty: 'TTY',
  uid: 'UID',
  wwids: 'WWIDs',
};

/** Fields whose order in the internal type is another than in v1: these come in this order. */
const goOrder: Readonly<Record<string, readonly string[]>> = {
  'core/v1.PersistentVolumeSource': [
    'gcePersistentDisk',
    'awsElasticBlockStore',
    'hostPath',
    'glusterfs',
    'nfs',
    'rbd',
    'quobyte',
    'iscsi',
    'flexVolume',
    'cinder',
    'cephfs',
    'fc',
    'flocker',
    'azureFile',
    'vsphereVolume',
    'azureDisk',
    'photonPersistentDisk',
    'portworxVolume',
    'scaleIO',
    'local',
    'storageos',
    'csi',
  ],
};

/** A value of a type (`core/v1.PersistentVolumeClaimSpec`) as upstream's internal type would be written in JSON. */
export function goForm(type: string, value: unknown): unknown {
  return formOf(schemaOf(type), value);
}

function formOf(schema: Schema, value: unknown): unknown {
  switch (schema.is) {
    case 'scalar':
      return value;
    case 'list':
      return Array.isArray(value) ? value.map((item) => formOf(schema.items, item)) : null;
    case 'map':
      return isObject(value)
        ? Object.fromEntries(
            Object.keys(value)
              .sort()
              .map((key) => [key, formOf(schema.values, value[key])]),
          )
        : null;
    case 'object':
      return schema.name.startsWith('meta/v1.') ? value : structOf(schema.name, value);
  }
}

function structOf(type: string, value: unknown): Record<string, unknown> {
  const { fields } = objectSchemaOf(type);
  const given = isObject(value) ? value : {};
  const form: Record<string, unknown> = {};
  for (const name of goOrder[type] ?? fields.keys()) {
    const field = fields.get(name)!;
    // Metadata is embedded: its fields are the object's. Internal objects do not say what they are.
    if (field.row.type === 'meta/v1.ObjectMeta') Object.assign(form, given[name]);
    else if (!(fields.has('metadata') && (name === 'apiVersion' || name === 'kind')))
      form[goNames[name] ?? name.charAt(0).toUpperCase() + name.slice(1)] =
        given[name] === undefined ? unset(field) : formOf(field.schema, given[name]);
  }
  return form;
}

function unset({ row, schema }: FieldSchema): unknown {
  if (row.pointer || schema.is === 'list' || schema.is === 'map') return null;
  if (schema.is === 'object') return formOf(schema, {});
  return row.type === 'bool' ? false : row.type.startsWith('int') ? 0 : '';
}

const context = 3;

/**
 * What differs between two values of a type, in upstream's words: a unified diff of their JSON, with three lines around each
 * change. Empty where they are the same.
 */
export function goDiff(type: string, old: unknown, now: unknown): string {
  return jsonDiff(goForm(type, old), goForm(type, now));
}

/** The same of two values as they are. */
export function jsonDiff(old: unknown, now: unknown): string {
  const lines = (value: unknown) => JSON.stringify(value, undefined, 1).split('\n');
  return hunks(edits(lines(old), lines(now)));
}

interface Edit {
  mark: ' ' | '-' | '+';
  line: string;
}

/** The shortest way from one text to the other: what is kept is a longest common subsequence. */
function edits(a: readonly string[], b: readonly string[]): Edit[] {
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i]![j] = a[i] === b[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
    }
  }
  const out: Edit[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ mark: ' ', line: a[i]! });
      i++;
      j++;
    } else if (j === b.length || (i < a.length && common[i + 1]![j]! >= common[i]![j + 1]!)) {
      out.push({ mark: '-', line: a[i++]! });
    } else {
      out.push({ mark: '+', line: b[j++]! });
    }
  }
  return out;
}

function hunks(all: readonly Edit[]): string {
  const changed = all.flatMap(({ mark }, i) => (mark === ' ' ? [] : [i]));
  const ranges: [number, number][] = [];
  for (const i of changed) {
    const last = ranges.at(-1);
    if (last && i - context <= last[1]) last[1] = i + context + 1;
    else ranges.push([Math.max(0, i - context), i + context + 1]);
  }
  const count = (edits: readonly Edit[], skip: '-' | '+') => edits.filter(({ mark }) => mark !== skip).length;
  return ranges
    .map(([from, to]) => {
      const [before, part] = [all.slice(0, from), all.slice(from, to)];
      const span = (skip: '-' | '+') => {
        const length = count(part, skip);
        const start = count(before, skip) + (length === 0 ? 0 : 1);
        return length === 1 ? String(start) : `${start},${length}`;
      };
      const head = `@@ -${span('+')} +${span('-')} @@`;
      return [head, ...part.map(({ mark, line }) => mark + line), ''].join('\n');
    })
    .join('');
}
