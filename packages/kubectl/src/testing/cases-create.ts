import type { Case } from './differential.ts';
import { configMap, deployment, service } from './manifests.ts';

/** The generators, shown and sent. */
export const createCases: readonly Case[] = [
  {
    name: 'generators, shown only',
    files: { 'a.txt': 'hello\n', 'env.txt': 'A=b\n# no\nC=d e\n', 'd/x': '1', 'd/y': '2', 'bin.dat': 'x' },
    steps: [
      'create namespace x --dry-run=client -o yaml',
      'create ns x --dry-run=client',
      'create ns x --dry-run=client -o json',
      'create deployment d --image=nginx:1.14.2 --dry-run=client -o yaml',
      'create deployment d --image=nginx --replicas=3 --port=80 --dry-run=client -o json -- sh -c "sleep 1"',
      'create deployment d --image=a/b/nginx:1@sha256:abc --dry-run=client -o yaml',
      'create deployment d --dry-run=client',
      'create configmap c --from-literal=a=b --from-file=a.txt --from-file=k=a.txt --dry-run=client -o yaml',
      'create configmap c --from-file=d --dry-run=client -o yaml',
      'create configmap c --from-env-file=env.txt --dry-run=client -o yaml',
      'create configmap c --from-env-file=env.txt --from-literal=a=b --dry-run=client',
      'create configmap c --from-literal=a --dry-run=client',
      'create configmap c --from-literal=a=b --from-literal=a=c --dry-run=client',
      'create configmap c --from-file=nope --dry-run=client',
      'create configmap c --from-file=a=b=c --dry-run=client',
      'create configmap c "--from-literal=a b=c" --dry-run=client',
      'create configmap c --dry-run=client -o yaml',
      'create secret generic s --from-literal=a=b --from-file=a.txt --type=foo --dry-run=client -o yaml',
      'create secret generic s --from-literal=a=b --dry-run=client -o json',
      'create secret generic s --dry-run=client',
      'create secret tls s --dry-run=client',
      'create service clusterip s --tcp=80:8080 --tcp=443 --dry-run=client -o yaml',
      'create service clusterip s --clusterip=None --dry-run=client -o yaml',
      'create service nodeport s --tcp=80:http --node-port=30001 --dry-run=client -o yaml',
      'create service externalname s --external-name=example.com --dry-run=client -o yaml',
      'create service loadbalancer s --tcp=80 --dry-run=client -o json',
      'create service clusterip s --dry-run=client',
      'create service clusterip s --tcp=x --dry-run=client',
      'create svc clusterip s --tcp=70000 --dry-run=client',
      'create serviceaccount s --dry-run=client -o yaml',
      'create sa s --dry-run=client -o json',
      'create role r --verb=get --verb=list --resource=pods --resource=deployments.apps --dry-run=client -o yaml',
      'create role r --verb=get,* --resource=pods/log,services --resource-name=a --resource-name=b --dry-run=client -o json',
      'create role r --verb=get --resource=nope --dry-run=client',
      'create role r --verb=get --dry-run=client',
      'create role r --resource=pods --dry-run=client',
      'create clusterrole r --verb=get --resource=nodes --dry-run=client -o yaml',
      'create clusterrole r --verb=get --non-resource-url=/healthz,/x --dry-run=client -o yaml',
      'create clusterrole r --aggregation-rule=a=b,c=d --dry-run=client -o yaml',
      'create clusterrole r --verb=get --dry-run=client',
      'create rolebinding b --role=r --user=u --group=g --serviceaccount=n:s --dry-run=client -o yaml',
      'create rolebinding b --clusterrole=r --user=u --dry-run=client -o json',
      'create rolebinding b --clusterrole=r --role=x --user=u --dry-run=client',
      'create rolebinding b --role=r --serviceaccount=s --dry-run=client',
      'create rolebinding b --role=r --dry-run=client -o yaml',
      'create clusterrolebinding b --clusterrole=r --user=u --dry-run=client -o yaml',
      'create clusterrolebinding b --user=u --dry-run=client',
      'run p --image=nginx --dry-run=client -o yaml',
      'run p --image=nginx --port=80 --env=A=b --labels=a=b,c=d --restart=Never --annotations=x=y --dry-run=client -o json -- a b',
      'run p --image=nginx --command --dry-run=client -o yaml -- sh -c ls',
      'run p --image=nginx --restart=Nope --dry-run=client',
      'run p --image=nginx --image-pull-policy=Never --privileged --dry-run=client -o yaml',
      `run p --image=nginx --overrides='{"spec":{"nodeName":"x"}}' --dry-run=client -o yaml`,
      'run p --image=nginx --rm --dry-run=client',
      'create configmap c --from-literal=a=b --dry-run=client -o name',
      "create configmap c --from-literal=a=b --dry-run=client -o jsonpath='{.data}'",
      'create configmap c --from-literal=a=b --dry-run=client -o foo',
      'create configmap c --from-literal=a=b --dry-run=client -o yaml --save-config',
      'create configmap c --from-literal=a=b --dry-run=client -o yaml -n other',
      'create configmap c --from-literal=a=b --dry-run=foo',
    ],
  },
  {
    name: 'generators, sent',
    files: { 'a.txt': 'hello\n' },
    steps: [
      'create deployment d --image=nginx:1.14.2 --replicas=2 --port=80',
      'create deployment d --image=nginx:1.14.2',
      'create configmap c --from-literal=a=b --from-file=a.txt',
      'create configmap c --from-literal=a=b',
      'create configmap c2 --from-literal=a=b --save-config -o yaml',
      'create configmap c3 --dry-run=server',
      'create configmap c3 --dry-run=server -o yaml',
      'create configmap UPPER --from-literal=a=b',
      'create secret generic s --from-literal=a=b',
      'create serviceaccount robot',
      'create service clusterip svc --tcp=80:8080',
      'create service nodeport np --tcp=80',
      'create service externalname ext --external-name=example.com',
      'create role r --verb=get --resource=pods',
      'create rolebinding rb --role=r --user=u',
      'create secret generic s --from-literal=a=b',
      'create serviceaccount robot',
      'create service clusterip svc --tcp=80:8080',
      'create service nodeport np --tcp=80',
      'create role r --verb=get --resource=pods',
      'create rolebinding rb --role=r --user=u',
      'create clusterrole cr-$T --verb=get --resource=nodes',
      'create clusterrolebinding crb-$T --clusterrole=cr-$T --user=u',
      'create clusterrole cr-$T --verb=get --resource=nodes',
      'create clusterrolebinding crb-$T --clusterrole=cr-$T --user=u',
      'create ns made-$T',
      'create ns made-$T',
      'get ns made-$T',
      'run p --image=nginx --labels=a=b',
      'expose deployment d',
      'expose deployment d --port=8080 --target-port=http --name=other --type=NodePort',
      'expose pod p --port=80 --dry-run=client -o yaml',
      'expose service svc --port=90 --name=again',
      'expose pod p',
      'expose configmap c --port=80',
      'expose deployment nope',
      'get svc other again d -o name',
      'create token robot --duration=-1s',
      'create token nope',
      'create token robot --bound-object-name=x',
      'create token robot --bound-object-kind=Foo --bound-object-name=x',
      'delete clusterrole cr-$T',
      'delete clusterrolebinding crb-$T',
      'delete ns made-$T --wait=false',
    ],
  },
  {
    name: 'create from files',
    files: {
      'deployment.yaml': deployment,
      'all/service.yaml': service,
      'all/cm.yml': configMap,
      'all/notes.txt': 'not a manifest',
      'all/more/cm.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"json"},"data":{"a":"b"}}',
      'empty/x.txt': '',
      'list.yaml': `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: one
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: two
`,
      'bad-list.yaml':
        'apiVersion: v1\nkind: List\nitems:\n- apiVersion: nope/v1\n  kind: Nope\n  metadata:\n    name: x\n- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: fine\n',
      'nomatch.yaml': 'apiVersion: v1\nkind: Nope\nmetadata:\n  name: x\n',
      'generated.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: gen-\n',
      'some-bad.yaml': `${configMap}---
apiVersion: v1
kind: ConfigMap
metadata:
  name: BAD
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: good
---
apiVersion: v1
kind: Pod
metadata:
  name: bad
spec:
  containers: []
  restartPolicy: Sometimes
`,
      'unknown.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: unknown\nspec:\n  a: b\nnope: 1\n',
      'wrong.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: wrong\ndata: [a]\n',
      'nokind.yaml': 'apiVersion: v1\nmetadata:\n  name: x\n',
      'noversion.yaml': 'kind: ConfigMap\nmetadata:\n  name: x\n',
      'nothing.yaml': '# nothing\n',
      'other-ns.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x-$T\n  namespace: kube-public\n',
    },
    steps: [
      'create -f deployment.yaml',
      'create -f deployment.yaml',
      'create -f all',
      'create -f all -R',
      'create -f all/more/cm.json -o yaml',
      'create -f empty',
      'create -f some-bad.yaml',
      'create -f list.yaml',
      'create -f list.yaml --dry-run=client',
      'create -f bad-list.yaml',
      'create -f nomatch.yaml',
      'create -f unknown.yaml',
      'create -f unknown.yaml --validate=warn',
      'delete cm unknown',
      'create -f unknown.yaml --validate=false',
      'create -f unknown.yaml --validate=false --dry-run=server',
      'create -f wrong.yaml',
      'create -f wrong.yaml --validate=false',
      'create -f nokind.yaml',
      'create -f nokind.yaml --validate=false',
      'create -f noversion.yaml',
      'create -f nothing.yaml',
      'create -f other-ns.yaml',
      'create -f other-ns.yaml -n $N',
      { run: 'create -f -', input: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: piped\n' },
      { run: 'create -f -', input: '' },
      {
        run: 'create -f - -o name',
        input:
          '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"p1"}}\n{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"p2"}}',
      },
      'create -f deployment.yaml -l app=other',
      'create -f deployment.yaml --save-config --dry-run=server -o yaml',
      'get cm',
    ],
  },
];
