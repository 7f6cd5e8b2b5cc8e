import type { Case } from './differential.ts';

/** A volume of each source, in a few of its variants. */
const sources = [
  'hostPath: {path: /data}',
  'hostPath: {path: /data, type: Directory}',
  'nfs: {server: files.example.com, path: /export, readOnly: true}',
  'csi: {driver: csi.example.com, volumeHandle: h, fsType: ext4, volumeAttributes: {b: two, a: one}}',
  'csi: {driver: csi.example.com, volumeHandle: h}',
  'iscsi: {targetPortal: 1.2.3.4, iqn: "iqn.2001-04.com.example:storage.disk", lun: 3, portals: [a, b], initiatorName: "iqn.2001-04.com.example:i"}',
  'iscsi: {targetPortal: 1.2.3.4, iqn: "iqn.2001-04.com.example:storage.disk", lun: 0, secretRef: {name: s, namespace: space}}',
  'fc: {targetWWNs: [a, b], lun: 2}',
  'gcePersistentDisk: {pdName: p, partition: 2}',
  'awsElasticBlockStore: {volumeID: v}',
  'azureDisk: {diskName: d, diskURI: "https://a.example.com/d.vhd"}',
  'azureFile: {secretName: s, shareName: h, secretNamespace: space}',
  'azureFile: {secretName: s, shareName: h}',
  'cinder: {volumeID: v, secretRef: {name: s, namespace: space}}',
  'vsphereVolume: {volumePath: p, storagePolicyName: q}',
  'glusterfs: {endpoints: e, path: p, endpointsNamespace: space}',
  'glusterfs: {endpoints: e, path: p}',
  'rbd: {monitors: [a, b], image: i}',
  'rbd: {monitors: [a, b], image: i, secretRef: {name: s}}',
  'cephfs: {monitors: [a, b], path: /p}',
  'quobyte: {registry: "a:1", volume: v}',
  'flocker: {datasetName: d}',
  'flexVolume: {driver: example.com/d, options: {b: two, a: one}}',
  'portworxVolume: {volumeID: v}',
  'photonPersistentDisk: {pdID: p}',
  'scaleIO: {gateway: g, system: s, volumeName: v, secretRef: {name: s, namespace: space}}',
  'storageos: {volumeName: v, volumeNamespace: space}',
];

const volumes = sources
  .map(
    (source, i) => `apiVersion: v1
kind: PersistentVolume
metadata:
  name: v${i}-$T
  labels: {of: $T}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteMany, ReadWriteOnce]
  ${source}
`,
  )
  .join('---\n');

const bound = `apiVersion: v1
kind: PersistentVolume
metadata:
  name: local-$T
  labels: {of: $T}
  annotations: {note: hello}
  finalizers: [example.com/keep]
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOncePod]
  volumeMode: Block
  storageClassName: fast-$T
  persistentVolumeReclaimPolicy: Delete
  claimRef: {namespace: $N, name: bound}
  local: {path: /disk}
  nodeAffinity:
    required:
      nodeSelectorTerms:
      - matchExpressions:
        - {key: kubernetes.io/hostname, operator: In, values: [n1, n2]}
        - {key: disk, operator: Exists}
      - matchFields: [{key: metadata.name, operator: In, values: [n3]}]
`;

const claims = `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: free
  labels: {a: b}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
  dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: yesterday}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: bound
  finalizers: [example.com/keep]
spec:
  accessModes: [ReadWriteOncePod]
  volumeName: local-$T
  volumeMode: Block
  storageClassName: fast-$T
  volumeAttributesClassName: gold
  resources: {requests: {storage: 1Gi}}
---
apiVersion: v1
kind: Pod
metadata:
  name: user
spec:
  containers: [{name: c, image: i}]
  volumes:
  - name: v
    persistentVolumeClaim: {claimName: bound}
  - name: e
    ephemeral:
      volumeClaimTemplate:
        metadata: {labels: {x: z, b: c}, annotations: {note: hello}}
        spec:
          accessModes: [ReadWriteOnce]
          storageClassName: fast
          resources: {requests: {storage: 1Gi}}
          dataSource: {kind: PersistentVolumeClaim, name: old}
  - name: c
    csi: {driver: csi.example.com, volumeAttributes: {b: two, a: one}}
  - name: i
    iscsi: {targetPortal: 1.2.3.4, iqn: "iqn.2001-04.com.example:storage.disk", lun: 0, secretRef: {name: s}}
  - name: files
    nfs: {server: files.example.com, path: /export}
  - name: m
    image: {reference: example.com/data, pullPolicy: Always}
`;

const status = `{"status":{"phase":"Bound","capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOncePod"],"conditions":[{"type":"FileSystemResizePending","status":"True","lastTransitionTime":"2026-01-02T03:04:05Z","message":"waiting"}]}}`;

const classes = `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: fast-$T
  labels: {of: $T}
  annotations: {b: two, a: one}
provisioner: csi.example.com
parameters: {type: ssd, a: b}
mountOptions: [ro, soft]
allowVolumeExpansion: true
volumeBindingMode: WaitForFirstConsumer
allowedTopologies:
- matchLabelExpressions:
  - {key: zone, values: [a, b]}
  - {key: rack, values: ["1"]}
- matchLabelExpressions:
  - {key: zone, values: [c]}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: slow-$T
  labels: {of: $T}
  annotations: {storageclass.kubernetes.io/is-default-class: "true"}
provisioner: csi.example.com
---
apiVersion: storage.k8s.io/v1
kind: VolumeAttributesClass
metadata:
  name: gold-$T
  labels: {of: $T}
driverName: csi.example.com
parameters: {iops: "4000", a: b}
---
apiVersion: storage.k8s.io/v1
kind: CSINode
metadata:
  name: node-$T
  labels: {of: $T}
spec:
  drivers:
  - {name: csi.example.com, nodeID: one, topologyKeys: [zone, rack], allocatable: {count: 7}}
  - {name: other.example.com, nodeID: m}
---
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata:
  name: csi-$T.example.com
  labels: {of: $T}
spec:
  tokenRequests: [{audience: a}]
---
apiVersion: storage.k8s.io/v1
kind: VolumeAttachment
metadata:
  name: at-$T
  labels: {of: $T}
spec:
  attacher: csi.example.com
  nodeName: n1
  source: {persistentVolumeName: pv}
`;

export const storageCases: readonly Case[] = [
  {
    name: 'volumes of every source are described',
    files: { 'volumes.yaml': volumes },
    steps: ['apply -f volumes.yaml', 'get pv -l of=$T', 'describe pv -l of=$T', 'delete -f volumes.yaml'],
  },
  {
    name: 'volumes and claims are shown, described and kept',
    files: { 'bound.yaml': bound, 'claims.yaml': claims },
    steps: [
      'apply -f bound.yaml -f claims.yaml',
      `patch pvc bound --subresource=status --type=merge -p '${status}'`,
      'get pv -l of=$T',
      'get pv -l of=$T -o wide',
      'get pvc',
      'get pvc -o wide',
      'get pvc free -o yaml',
      'describe pv local-$T',
      'describe pvc free',
      'describe pvc bound',
      'describe pod user',
      'delete pvc bound --wait=false',
      'delete pv local-$T --wait=false',
      'get pvc',
      'describe pvc bound',
      'describe pv local-$T',
      `patch pvc bound --type=merge -p '{"metadata":{"finalizers":null}}'`,
      `patch pv local-$T --type=merge -p '{"metadata":{"finalizers":null}}'`,
    ],
  },
  {
    name: 'classes, drivers and attachments are shown and described',
    files: { 'classes.yaml': classes },
    steps: [
      'apply -f classes.yaml',
      'get sc -l of=$T',
      'get vac -l of=$T',
      'get csinode -l of=$T',
      'get csidriver -l of=$T',
      'get volumeattachment -l of=$T',
      'describe sc -l of=$T',
      'describe csinode -l of=$T',
      'describe csidriver -l of=$T',
      'describe volumeattachment -l of=$T',
      'delete -f classes.yaml',
    ],
  },
];
