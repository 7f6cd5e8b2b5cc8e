import type { Case } from './differential.ts';
import { configMap, deployment, pod, service } from './manifests.ts';

const files = { 'deployment.yaml': deployment, 'service.yaml': service, 'cm.yaml': configMap, 'pod.yaml': pod };
const make = 'apply -f deployment.yaml -f service.yaml -f cm.yaml -f pod.yaml';

/** Commands that only read. */
export const readCases: readonly Case[] = [
  {
    name: 'get in the formats of -o',
    files,
    steps: [
      make,
      'get pods',
      'get pods -o wide',
      'get pod one -o yaml',
      'get pod one -o json',
      'get pod one -o name',
      'get pods -o name',
      'get pods -o yaml',
      'get pods -o json --show-managed-fields',
      'get deploy,svc,cm',
      'get deployments.apps web',
      'get deployment.v1.apps/web',
      'get deploy/web svc/web',
      'get deploy web -o wide',
      'get svc -o wide',
      'get all',
      'get all -o name',
      'get rs',
      'get secrets',
      'get po one two',
      'get pods one --no-headers',
      'get pods --show-labels',
      'get pods -L app,tier',
      'get pods --show-kind',
      'get pods -l app=one',
      'get pods -l app=none',
      'get pods -l "app in (one,two),tier!=front"',
      'get pods --field-selector metadata.name=one',
      'get pods --field-selector spec.nodeName=nowhere,status.phase=Pending -o name',
      'get cm --sort-by=.metadata.name',
      'get cm,deploy -o name --sort-by metadata.name',
      'get -f deployment.yaml -f service.yaml',
      'get -f deployment.yaml -o name',
    ],
  },
  {
    name: 'get with templates and columns',
    files,
    steps: [
      make,
      "get pod one -o jsonpath='{.metadata.name}'",
      `get pods -o jsonpath='{range .items[*]}{.metadata.name}{"\\t"}{.spec.containers[*].image}{"\\n"}{end}'`,
      `get pod one -o jsonpath='{.spec.containers[?(@.name=="side")].image}'`,
      "get pod one -o jsonpath='{.metadata.labels}'",
      "get pod one -o jsonpath='{.spec.containers[0].ports[*].containerPort}'",
      "get pod one -o jsonpath='{.spec.containers[-1:].name} {.spec.containers[0:2].name}'",
      "get pod one -o jsonpath='{..containerPort}'",
      "get pod one -o jsonpath='{.nothing}'",
      "get pod one -o jsonpath='{.spec.containers[9].name}'",
      "get pod one -o jsonpath='{.metadata.name'",
      "get pod one -o jsonpath='{.metadata[\\'name\\']}'",
      "get pod one -o jsonpath='{.nothing}' --allow-missing-template-keys=false",
      "get pod one -o jsonpath-as-json='{.spec.containers[*].name}'",
      'get pod one -o jsonpath=\'{.spec.containers[*]["name","image"]}\'',
      'get pods -o custom-columns=NAME:.metadata.name,IMAGES:.spec.containers[*].image,NONE:.nothing',
      'get pods -o custom-columns=NAME:.metadata.name --no-headers',
      'get pods -o custom-columns=NAME',
      'get pods -o custom-columns=',
      "get pod one -o go-template='{{.metadata.name}}'",
      `get pods -o go-template='{{range .items}}{{.metadata.name}}{{"\\n"}}{{end}}'`,
      `get pod one -o go-template='{{range $k, $v := .metadata.labels}}{{$k}}={{$v}} {{end}}'`,
      `get pod one -o go-template='{{if eq .metadata.name "one"}}yes{{else}}no{{end}} {{len .spec.containers}} {{index .spec.containers 0 "name"}}'`,
      `get pod one -o go-template='{{with .nothing}}x{{else}}none{{end}} {{.nothing}} {{printf "%s-%d" .metadata.name 3}}'`,
      `get pod one -o go-template --template='{{.metadata.name | printf "%q"}}'`,
      'get pods -o foo',
      'get pods -o jsonpath',
    ],
  },
  {
    name: 'get that finds nothing',
    steps: [
      'get pods',
      'get pods -A -l no=such',
      'get pods nope',
      'get pods nope nope2',
      'get pods nope --ignore-not-found',
      'get pods nope -o yaml',
      'get pods nope -o yaml --ignore-not-found',
      'get pods -o yaml',
      'get pods -o json',
      'get pods -o name',
      'get foo',
      'get foo/bar',
      'get foo.bar',
      'get pods,foo',
      'get pod/a b',
      'get pods a/b/c',
      'get pods -l a=b x',
      'get pods -l ==',
      'get pods --field-selector nothing=x',
      'get nodes',
      'get nodes nope',
      'get pods,nodes nope',
      'get',
      'get -f nope.yaml',
      'get pods -A nope',
      'get --raw /api/v1/namespaces/$N',
      'get --raw /nope',
      'get ns $N',
      'get ns $N -o name',
      'get pods -n nope',
    ],
  },
  {
    name: 'describe',
    files,
    steps: [
      make,
      'describe pod one',
      'describe pods',
      'describe deployment web',
      'describe deploy/web svc/web',
      'describe svc web',
      'create cm small --from-literal=a=b',
      'describe cm small',
      'describe ns $N',
      'describe pod on',
      'describe pod nope',
      'describe pods -l app=none',
      'describe foo',
      'describe -f service.yaml',
      'create secret generic s --from-literal=a=b --from-literal=long=abcdef',
      'describe secret s',
      'create sa robot',
      'describe sa robot',
      'create role r --verb=get,list --resource=pods,deployments.apps --resource-name=x',
      'create role r --verb=get,list --resource=pods,configmaps',
      'describe role r',
      'create rolebinding rb --role=r --serviceaccount=$N:robot --user=bob',
      'describe rolebinding rb',
      'describe clusterrole view',
    ],
  },
  {
    name: 'pods and deployments with a status and events',
    files: {
      ...files,
      'status.json': JSON.stringify({
        status: {
          phase: 'Running',
          hostIP: '192.168.0.1',
          podIP: '192.168.1.2',
          podIPs: [{ ip: '192.168.1.2' }, { ip: 'fd00::2' }],
          startTime: '2026-01-01T00:00:00Z',
          qosClass: 'Burstable',
          message: 'all is well',
          reason: 'Because',
          conditions: [
            { type: 'Initialized', status: 'True' },
            { type: 'Ready', status: 'False', reason: 'ContainersNotReady' },
          ],
          initContainerStatuses: [
            {
              name: 'first',
              image: 'busybox',
              imageID: 'sha256:1',
              containerID: 'containerd://0',
              ready: true,
              restartCount: 0,
              state: {
                terminated: {
                  exitCode: 0,
                  reason: 'Completed',
                  startedAt: '2026-01-01T00:00:00Z',
                  finishedAt: '2026-01-01T00:00:01Z',
                },
              },
            },
          ],
          containerStatuses: [
            {
              name: 'main',
              image: 'nginx:1.14.2',
              imageID: 'sha256:2',
              containerID: 'containerd://1',
              ready: true,
              restartCount: 3,
              state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
              lastState: {
                terminated: {
                  exitCode: 137,
                  signal: 9,
                  reason: 'OOMKilled',
                  message: 'killed',
                  startedAt: '2026-01-01T00:00:00Z',
                  finishedAt: '2026-01-01T00:00:01Z',
                },
              },
            },
            {
              name: 'side',
              image: 'busybox',
              imageID: '',
              ready: false,
              restartCount: 0,
              state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
            },
          ],
        },
      }),
      'events.yaml': ['Normal', 'Warning']
        .map(
          (type, i) => `apiVersion: v1
kind: Event
metadata: {name: one.${i}}
involvedObject: {apiVersion: v1, kind: Pod, name: one, namespace: $N}
type: ${type}
reason: Reason${i}
message: "something happened "
count: ${i * 4 + 1}
firstTimestamp: "2026-01-0${i + 1}T00:00:00Z"
lastTimestamp: "2026-01-0${i + 2}T00:00:00Z"
source: {component: tester}
`,
        )
        .join('---\n'),
    },
    steps: [
      make,
      'patch pod one --subresource=status --patch-file=status.json',
      'get pods',
      'get pods -o wide',
      'describe pod one',
      'create -f events.yaml',
      'get events -o wide',
      'get events --field-selector type=Warning',
      'events',
      'events --for pod/one --types=Warning',
      'events --for nope',
      'events --types=Nope',
      `patch deploy web --subresource=status -p '{"status":{"observedGeneration":1,"replicas":3,"updatedReplicas":1,"readyReplicas":1,"availableReplicas":1,"unavailableReplicas":2,"conditions":[{"type":"Available","status":"False","reason":"MinimumReplicasUnavailable"}]}}'`,
      'get deploy',
      'describe deploy web',
      'rollout status deploy/web --watch=false',
      `patch deploy web --subresource=status -p '{"status":{"replicas":3,"updatedReplicas":2,"availableReplicas":1}}'`,
      'rollout status deploy/web --watch=false',
      `patch deploy web --subresource=status -p '{"status":{"replicas":2}}'`,
      'rollout status deploy/web --watch=false',
      `patch deploy web --subresource=status -p '{"status":{"readyReplicas":2,"availableReplicas":2}}'`,
      'rollout status deploy/web',
      `patch deploy web --subresource=status -p '{"status":{"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded"}]}}'`,
      'rollout status deploy/web',
      'rollout status deploy/web --revision=3 --watch=false',
    ],
  },
  {
    name: 'nodes',
    files: {
      'node.yaml': `apiVersion: v1
kind: Node
metadata:
  name: node-$T
  labels:
    node-role.kubernetes.io/worker: ""
spec:
  podCIDR: 10.1.0.0/24
  podCIDRs: [10.1.0.0/24]
  taints:
  - key: dedicated
    value: db
    effect: NoSchedule
status:
  addresses:
  - type: InternalIP
    address: 192.168.0.1
  capacity:
    cpu: "4"
    memory: 8Gi
    pods: "110"
  allocatable:
    cpu: "4"
    memory: 8Gi
    pods: "110"
  conditions:
  - type: Ready
    status: "True"
    reason: KubeletReady
    message: kubelet is posting ready status
    lastHeartbeatTime: "2026-01-01T00:00:00Z"
    lastTransitionTime: "2026-01-01T00:00:00Z"
  nodeInfo:
    machineID: m
    systemUUID: s
    bootID: b
    kernelVersion: k
    osImage: Debian
    containerRuntimeVersion: containerd://1.6
    kubeletVersion: v1.36.0
    kubeProxyVersion: v1.36.0
    operatingSystem: linux
    architecture: amd64
`,
      'pod.yaml': pod.replace('nodeName: nowhere', 'nodeName: node-$T'),
    },
    steps: [
      'create -f node.yaml',
      'apply -f pod.yaml',
      'get node node-$T',
      'get node node-$T -o wide',
      'describe node node-$T',
      'cordon node-$T',
      'cordon node-$T',
      'uncordon node-$T',
      'uncordon node-$T --dry-run=server',
      'taint nodes node-$T a=b:NoSchedule',
      'taint nodes node-$T a=b:NoSchedule',
      'taint nodes node-$T a=c:NoSchedule --overwrite',
      'taint nodes node-$T a-',
      'taint nodes node-$T a-',
      'taint nodes node-$T a=b:Nope',
      'taint nodes node-$T a',
      'taint nodes node-$T',
      'taint pods x a=b:NoSchedule',
      'cordon nope',
      'get node node-$T -o jsonpath={.spec}',
    ],
  },
  {
    name: 'what the server has',
    steps: [
      'api-resources',
      'api-resources -o wide',
      'api-resources -o name',
      'api-resources --namespaced=false',
      'api-resources --api-group=apps',
      'api-resources --verbs=list,create --sort-by=kind',
      'api-resources --categories=all',
      'api-resources -o foo',
      'api-versions',
      'cluster-info',
      'version',
      'version --client',
      'version -o yaml',
      'version -o json',
      'version x',
      'events',
      'get events',
      'explain pod',
      'explain deployment.spec.strategy',
      'explain pods.spec.containers.env --recursive',
      'explain service.spec.ports.targetPort',
      'explain pod.nope',
      'explain nope',
      'explain',
      'auth can-i get pods',
      'auth can-i get pods -q',
      'auth can-i create nope',
      'auth can-i get /healthz',
      'auth can-i get nodes',
      'auth can-i get',
      'auth can-i foo pods',
      'auth can-i foo /healthz',
      'auth can-i get pods web',
      'auth can-i get pods --no-headers',
      'auth can-i get /healthz --subresource=log',
      'auth can-i impersonate users',
      'auth can-i get nope.example.com',
      'auth can-i * *',
      'auth can-i --list',
      'auth can-i --list -q',
      'auth whoami',
      'auth whoami -o yaml',
    ],
  },
  {
    name: 'wrong command lines',
    steps: [
      'nope',
      'gat',
      'get --nope',
      'get -Q',
      'get pods --output',
      'get pods -n',
      'get pods --chunk-size=x',
      'get pods --watch=maybe',
      '-o yaml',
      '--nope',
      'apply',
      'apply -f nope.yaml',
      'create',
      'create nope',
      'create namespace',
      'create namespace a b',
      'delete',
      'delete pods',
      'delete pods --all -l a=b',
      'delete pods x --all',
      'delete pods x --now --grace-period=3',
      'delete pods x --grace-period=3 --force',
      'delete pods x -o yaml',
      'describe',
      'replace',
      'label',
      'label pods x',
      'label pods x a=b=c',
      'label pods x a=b a-',
      'label pods a=b x',
      'annotate',
      'annotate pods x',
      'annotate pods x =b',
      'patch pods x',
      'patch pods x -p {} --type=foo',
      'scale',
      'scale deploy x --replicas=-1',
      'scale deploy x --replicas=x',
      'rollout status',
      'rollout nope',
      'rollout undo',
      'set image',
      'set image deploy/x',
      'expose',
      'run',
      'run x',
      'logs',
      'logs a b c',
      'exec',
      'exec x',
      'exec x ls',
      'attach',
      'port-forward',
      'port-forward x',
      'wait',
      'wait pods x',
      'wait pods x --for=foo',
      'cordon',
      'taint',
      'taint nodes x a=b',
      'config nope',
      'auth can-i',
      'get pods --context=nope',
      'get pods --cluster=nope',
      'get pods --user=nope',
      'get pods --kubeconfig=nope',
      'get pods --request-timeout=x',
      'get pods --server=http://127.0.0.1:1',
      'get pods --server=http://127.0.0.1:1 -v=0 -o yaml',
      'apply -f a -k b',
      'apply -f nope.yaml --validate=foo',
      'apply -f nope.yaml --dry-run=foo',
      'apply -f nope.yaml --force-conflicts',
      'apply -f nope.yaml --server-side --dry-run=client',
      'version --client=maybe',
      'version -o foo',
    ],
  },
  {
    name: 'limits of a namespace',
    files: {
      'limits.yaml': `apiVersion: v1
kind: LimitRange
metadata: {name: bounds}
spec:
  limits:
  - {type: Container, max: {cpu: "2"}, min: {cpu: 100m}, maxLimitRequestRatio: {cpu: "4"}}
`,
    },
    steps: [
      'describe ns $N',
      'create -f limits.yaml -n $N',
      'get limits -n $N -o name',
      'describe limits bounds -n $N',
      'describe ns $N',
    ],
  },
];
