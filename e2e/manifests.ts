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
