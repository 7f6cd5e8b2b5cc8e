import type { Cluster } from '../../cluster.ts';
import { podManifest } from '../../manifests.ts';
import { toolboxImage } from '../../toolbox.ts';

/** A pod on a node whose web server says at /cgi-bin/who which pod it is and who asks. */
export const webPod = (name: string, node: string, labels = '') =>
  podManifest(
    name,
    `
nodeSelector: {kubernetes.io/hostname: ${node}}
terminationGracePeriodSeconds: 1
containers:
- name: main
  image: busybox:1.36
  command: [sh, /site/start]
  readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
  env:
  - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
  volumeMounts: [{name: site, mountPath: /site}]
volumes: [{name: site, configMap: {name: site}}]`,
  ).replace(`{app: ${name}}`, `{pod: ${name}${labels}}`);

/** What web pods run; busybox's httpd gives scripts no environment but its own. */
export const site = `apiVersion: v1
kind: ConfigMap
metadata: {name: site}
data:
  start: |
    mkdir -p /www/cgi-bin
    echo ok > /www/index.html
    cat > /www/cgi-bin/who <<EOF
    #!/bin/sh
    printf 'Content-Type: text/plain\\r\\n\\r\\n'
    echo $NAME \\$REMOTE_ADDR
    EOF
    chmod +x /www/cgi-bin/who
    exec httpd -f -p 8080 -h /www
`;

/** A pod on a node that answers datagrams to port 9000 with its name. */
export const udpPod = (name: string, node: string, labels = '') =>
  podManifest(
    name,
    `
nodeSelector: {kubernetes.io/hostname: ${node}}
terminationGracePeriodSeconds: 1
containers:
- name: main
  image: ${toolboxImage}
  command: [socat, 'UDP4-RECVFROM:9000,fork', 'SYSTEM:echo ${name}']`,
  ).replace(`{app: ${name}}`, `{pod: ${name}${labels}}`);

/** A Service of port 80, for web pods. */
export const webService = (name: string, selector: string, more = '') => `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec:
  selector: ${selector}
  ports: [{port: 80, targetPort: 8080}]
${more.replace(/^/gm, '  ')}
`;

/** Who answered, and whom it saw asking. */
export interface Answer {
  pod: string;
  client: string;
}

/** The command (busybox's own time limit does not work: its wget -T crashes) that asks a web pod, or a Service of them, `times` times; a line an answer. */
const asking = (target: string, times: number): string =>
  `for i in $(seq ${times}); do timeout 3 wget -qO- http://${target}/cgi-bin/who || echo none; done`;

const answers = (text: string): Answer[] =>
  text
    .trim()
    .split('\n')
    .map((line) => {
      const [pod = '', client = ''] = line.split(' ');
      return { pod, client: client.replace(/^\[::ffff:(.*)\]$/, '$1') };
    });

/** Asks from within a pod. */
export async function askFromPod(cluster: Cluster, pod: string, target: string, times = 1): Promise<Answer[]> {
  return answers(await cluster.must(['exec', pod, '--', 'sh', '-c', asking(target, times)]));
}

/** Asks from a node itself. */
export async function askFromNode(cluster: Cluster, node: string, target: string, times = 1): Promise<Answer[]> {
  return answers(await cluster.mustCoracle('node exec', node, '--', 'busybox', 'sh', '-c', asking(target, times)));
}

/** Asks from this machine; `none` where nothing answers. */
export async function askFromHost(target: string, times = 1): Promise<Answer[]> {
  const all: Answer[] = [];
  for (let i = 0; i < times; i++) all.push(...answers(await fetched(`http://${target}/cgi-bin/who`)));
  return all;
}

async function fetched(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(3000) });
    return await answer.text();
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'TimeoutError' || message === 'fetch failed') return 'none';
    throw error;
  }
}
