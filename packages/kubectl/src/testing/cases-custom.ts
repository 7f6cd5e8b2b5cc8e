import type { Case } from './differential.ts';

const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.$T.example.com}
spec:
  group: $T.example.com
  scope: Namespaced
  names: {plural: crontabs, singular: crontab, kind: CronTab, shortNames: [ct$T]}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        description: A table of jobs.
        required: [spec]
        properties:
          spec:
            type: object
            description: What is to be done.
            required: [schedule]
            properties:
              schedule: {type: string, description: When., pattern: '^[0-9* ]+$'}
              replicas: {type: integer, default: 1, minimum: 0}
              mode: {type: string, enum: [Allow, Forbid], description: What if it is late.}
              ports:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [port]
                items: {type: object, required: [port], properties: {port: {type: integer}, name: {type: string}}}
          status: {type: object, properties: {replicas: {type: integer}, phase: {type: string}}}
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
    additionalPrinterColumns:
    - {name: Schedule, type: string, jsonPath: .spec.schedule}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas}
    - {name: Mode, type: string, jsonPath: .spec.mode, priority: 1}
`;

const crontab = `apiVersion: $T.example.com/v1
kind: CronTab
metadata: {name: nightly, labels: {a: b}}
spec: {schedule: '0 3 * * *', ports: [{port: 1, name: one}]}
`;

/** Resources that a definition declares. */
export const customCases: readonly Case[] = [
  {
    name: 'custom resources are defined, shown, changed and deleted',
    files: {
      'crd.yaml': definition,
      'ct.yaml': crontab,
      'more.yaml': crontab.replace('ports: [{port: 1, name: one}]', 'ports: [{port: 2, name: two}], mode: Forbid'),
      'wrong.yaml': crontab.replace('nightly', 'wrong').replace('0 3 * * *', 'never'),
      'typo.yaml': crontab.replace('nightly', 'typo').replace('schedule', 'shedule'),
    },
    steps: [
      'apply -f crd.yaml',
      'wait --for=condition=Established crd/crontabs.$T.example.com',
      'apply -f ct.yaml',
      'apply -f ct.yaml',
      'get ct$T',
      'get crontabs.$T.example.com -o wide --show-labels',
      'get ct$T nightly -o jsonpath={.spec}',
      'explain crontabs.$T.example.com --recursive',
      'explain crontabs.spec',
      'explain crontab.spec.schedule',
      'explain crontabs.spec.mode',
      'explain crontabs.status.phase',
      'apply -f wrong.yaml',
      'apply -f typo.yaml',
      'create -f typo.yaml --validate=false',
      'apply -f more.yaml',
      'get ct$T nightly -o jsonpath={.spec.ports}',
      'apply --server-side --field-manager=other -f more.yaml',
      'patch ct$T nightly --type=merge -p {"spec":{"mode":"Sometimes"}}',
      'patch ct$T nightly --type=json -p [{"op":"replace","path":"/spec/replicas","value":4}]',
      'scale ct$T/nightly --replicas=2',
      'label ct$T nightly c=d',
      'annotate ct$T nightly note=x',
      'get ct$T -l c=d -o name',
      'delete ct$T nightly',
      'delete crd crontabs.$T.example.com',
    ],
  },
];
