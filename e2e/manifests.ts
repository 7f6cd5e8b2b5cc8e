/** One pod with the given spec (YAML, indented by two) and labels `app: NAME`. */
export const podManifest = (name: string, spec: string) => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  labels: {app: ${name}}
spec:
${spec.replace(/^\n/, '').replace(/^/gm, '  ')}`;

/** A spec of one busybox container that runs a shell script. */
export const shell = (script: string, more = '') => `
restartPolicy: Never
terminationGracePeriodSeconds: 1
containers:
- name: main
  image: busybox:1.36
  command: [sh, -c, ${JSON.stringify(script)}]
${more.replace(/^/gm, '  ')}`;

/** A Deployment of busybox pods that sleep. */
export const sleepers = (name: string, replicas: number, more = '') => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: ${name}}}
${more.replace(/^/gm, '  ')}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
        image: busybox:1.36
        command: [sleep, infinity]
`;

/** Servers behind a NodePort whose pods leave in order (they answer until nobody is sent to them any more), and soon from a node that is lost. */
export const steadyServers = (replicas: number, nodePort: number) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${replicas}
  strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 10
      tolerations:
      - {key: node-role.kubernetes.io/control-plane, operator: Exists, effect: NoSchedule}
      - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 3}
      - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 3}
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: kubernetes.io/hostname
        whenUnsatisfiable: ScheduleAnyway
        labelSelector: {matchLabels: {app: web}}
      containers:
      - name: nginx
        image: nginx:1.14.2
        ports: [{containerPort: 80}]
        readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}
        lifecycle: {preStop: {exec: {command: [sleep, "3"]}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, nodePort: ${nodePort}}]
`;
