import type { Case } from './differential.ts';
import { configMap, deployment, service } from './manifests.ts';

/** apply in its variants. */
export const applyCases: readonly Case[] = [
  {
    name: 'apply creates, changes and leaves alone',
    files: {
      'one.yaml': `${deployment}---\n${service}---\n${configMap}`,
      'two.yaml': `${deployment
        .replace('replicas: 2', 'replicas: 3')
        .replace('nginx:1.14.2', 'nginx:1.16')
        .replace('    app: web\nspec', '    tier: front\nspec')
        .replace(
          '        ports:\n        - containerPort: 80\n',
          '        env:\n        - name: A\n          value: b\n',
        )}---\n${service.replace('port: 80', 'port: 81')}---\n${configMap.replace('  colour: blue\n', '')}`,
      'immutable.yaml': deployment.replaceAll('      app: web', '      app: other'),
    },
    steps: [
      'apply -f one.yaml --dry-run=client',
      'apply -f one.yaml --dry-run=server',
      'apply -f one.yaml',
      'apply -f one.yaml',
      'apply -f two.yaml --dry-run=client',
      'apply -f two.yaml --dry-run=server',
      'apply -f two.yaml -o name',
      'get deploy web -o yaml --show-managed-fields',
      'apply -f two.yaml',
      'apply -f one.yaml -o yaml',
      'apply -f one.yaml -o json',
      'apply -f immutable.yaml',
      'apply view-last-applied deploy/web',
      'apply view-last-applied deploy/web -o json',
      'apply view-last-applied deploy/web -o foo',
      'apply set-last-applied -f two.yaml',
      'apply view-last-applied cm settings',
      'delete -f one.yaml',
      'delete -f one.yaml',
      'delete -f one.yaml --ignore-not-found',
    ],
  },
  {
    name: 'apply over what others made',
    files: { 'cm.yaml': configMap, 'set-last.yaml': configMap.replace('blue', 'green') },
    steps: [
      'create -f cm.yaml',
      'apply -f cm.yaml',
      'apply -f cm.yaml',
      'create cm plain --from-literal=a=b',
      'apply view-last-applied cm plain',
      'apply set-last-applied -f set-last.yaml',
      'delete cm settings',
      'apply set-last-applied -f set-last.yaml',
      'create -f cm.yaml',
      'apply set-last-applied -f set-last.yaml',
      'apply set-last-applied -f set-last.yaml --create-annotation',
      'get cm settings -o yaml',
    ],
  },
  {
    name: 'apply on the server',
    files: {
      'one.yaml': configMap,
      'two.yaml': configMap.replace('colour: blue', 'colour: red'),
      'three.yaml': configMap.replace('  colour: blue\n', ''),
    },
    steps: [
      'apply --server-side -f one.yaml --dry-run=server',
      'apply --server-side -f one.yaml',
      'apply --server-side -f one.yaml',
      'apply --server-side --field-manager=other -f two.yaml',
      'apply --server-side --field-manager=other -f two.yaml --force-conflicts',
      'apply --server-side -f one.yaml -o yaml --show-managed-fields',
      'apply --server-side -f three.yaml',
      'get cm settings -o yaml --show-managed-fields',
      'apply -f one.yaml',
      'delete cm settings',
      'apply -f one.yaml',
      'apply --server-side -f two.yaml',
      'get cm settings -o yaml --show-managed-fields',
    ],
  },
  {
    name: 'apply of bad manifests',
    files: {
      'some-bad.yaml': `${configMap}---
apiVersion: v1
kind: ConfigMap
metadata:
  name: BAD
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: x
spec:
  replicas: -1
  selector: {matchLabels: {a: b}}
  template: {metadata: {labels: {a: c}}, spec: {containers: [{name: UPPER, image: x}]}}
`,
      'invalid.yaml': deployment.replace('replicas: 2', 'replicas: -1'),
      'several.yaml': deployment.replace('replicas: 2', 'replicas: -1').replace('name: nginx', 'name: UPPER'),
      'unknown.yaml': deployment.replace('replicas: 2', 'replica: 2'),
      'type.yaml': deployment.replace('replicas: 2', 'replicas: two'),
      'nokind.yaml': 'apiVersion: v1\nmetadata:\n  name: x\n',
      'nokindorversion.yaml': 'metadata:\n  name: x\n',
      'generated.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: gen-\n',
      'crd.yaml': 'apiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: x\n',
      'noname.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n',
    },
    steps: [
      'apply -f some-bad.yaml',
      'apply -f invalid.yaml',
      'apply -f several.yaml',
      'apply -f unknown.yaml',
      'apply -f unknown.yaml --validate=warn --dry-run=server',
      'apply -f unknown.yaml --validate=ignore --dry-run=server',
      'apply -f type.yaml',
      'apply -f nokind.yaml',
      'apply -f nokindorversion.yaml',
      'apply -f generated.yaml',
      'apply -f noname.yaml',
      'apply -f crd.yaml',
      'apply -f crd.yaml --validate=false',
      'apply --server-side -f invalid.yaml',
      'get cm',
    ],
  },
];
