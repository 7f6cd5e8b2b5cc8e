import type { HTTPIngressPath, IngressBackend, IngressRule, IngressTLS } from '@coracle/api/types/networking/v1';
import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { stringFlag, stringsFlag } from '../../cli/flags.ts';
import type { AnyObject } from '../../resources/resource.ts';
import { createGenerated, generatorFlags, manifestNamespace, nameArgument } from './generator.ts';

export const ingress: Command = {
  name: 'ingress',
  aliases: ['ing'],
  short: 'Create an ingress',
  usage: 'create ingress NAME --rule=host/path=service:port[,tls[=secret]]',
  examples:
    'kubectl create ingress web --class=nginx --rule="shop.example.com/cart*=cart:8080"\nkubectl create ingress web --rule="shop.example.com/=front:http,tls=certificate"\nkubectl create ingress all --default-backend=front:80',
  flags: [
    ...generatorFlags,
    stringsFlag('annotation', [], 'Annotation key=value; may be repeated'),
    stringFlag('class', '', 'The class whose controller carries it out'),
    stringFlag('default-backend', '', 'Service and port for what no rule is about'),
    stringsFlag(
      'rule',
      [],
      'Rule host/path=service:port, with ,tls[=secret] for TLS; a path that ends in * is a prefix',
    ),
  ],
  run: create,
};

const ruleForm = /^[\w*\-.]*\/.*=[\w-]+:\w+(,tls=?([\w-]+)?)?/;

async function create(call: Call): Promise<void> {
  const { flags } = call;
  const name = nameArgument(call);
  const rules = flags.strings('rule');
  const backend = flags.string('default-backend');
  const className = flags.string('class');
  const annotations = flags.strings('annotation');
  if (backend === '' && rules.length === 0)
    throw new CommandFailure(
      'not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)',
    );
  for (const rule of rules)
    if (!ruleForm.test(rule))
      throw new CommandFailure(
        `rule ${rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`,
      );
  for (const each of annotations)
    if (!each.includes('='))
      throw new CommandFailure(`annotation ${each} is invalid and should be in format key=[value]`);
  if (backend !== '' && backend.split(':').length !== 2)
    throw new CommandFailure('default-backend should be in format servicename:serviceport');
  const tls = tlsOf(rules);
  const manifest = {
    kind: 'Ingress',
    apiVersion: 'networking.k8s.io/v1',
    metadata: {
      name,
      ...manifestNamespace(call),
      creationTimestamp: null,
      ...(annotations.length === 0
        ? {}
        : { annotations: Object.fromEntries(annotations.map(keyAndValue).sort(byKey)) }),
    },
    spec: {
      ...(className === '' ? {} : { ingressClassName: className }),
      ...(backend === '' ? {} : { defaultBackend: backendOf(backend) }),
      ...(tls.length === 0 ? {} : { tls }),
      ...(rules.length === 0 ? {} : { rules: rulesOf(rules) }),
    },
    status: { loadBalancer: {} },
  } as unknown as AnyObject;
  const failure = 'failed to create ingress:';
  await createGenerated(call, manifest, { group: 'networking.k8s.io', namespaced: true, failure });
}

function keyAndValue(text: string): [string, string] {
  const end = text.indexOf('=');
  return [text.slice(0, end), text.slice(end + 1)];
}

const byKey = ([a]: [string, string], [b]: [string, string]): number => (a < b ? -1 : 1);

/** `web:80`, `web:http`. */
function backendOf(text: string): IngressBackend {
  const [name = '', port = ''] = text.split(':');
  return { service: { name, port: /^[+-]?\d+$/.test(port) ? { number: Number(port) } : { name: port } } };
}

/** One rule a host, with the paths of all that name it. */
function rulesOf(texts: readonly string[]): IngressRule[] {
  const rules = new Map<string, HTTPIngressPath[]>();
  for (const text of texts) {
    const [target = ''] = text.split(',');
    const slash = target.indexOf('/');
    const host = target.slice(0, slash);
    rules.set(host, [...(rules.get(host) ?? []), pathOf(target.slice(slash))]);
  }
  return [...rules].map(([host, paths]) => ({ ...(host === '' ? {} : { host }), http: { paths } }));
}

function pathOf(text: string): HTTPIngressPath {
  const [path = '', service = ''] = text.split('=');
  const backend = backendOf(service);
  return path.endsWith('*')
    ? { path: path.slice(0, -1), pathType: 'Prefix', backend }
    : { path, pathType: 'Exact', backend };
}

/** Each host once, with those of the same secret together. */
function tlsOf(texts: readonly string[]): IngressTLS[] {
  const found: IngressTLS[] = [];
  const seen = new Set<string>();
  for (const text of texts) {
    const [target = '', tls, ...more] = text.split(',');
    if (tls === undefined || more.length > 0) continue;
    const host = target.slice(0, target.indexOf('/'));
    const secret = tls.split('=')[1] ?? '';
    if (seen.has(host)) continue;
    seen.add(host);
    const same = found.find(({ secretName = '' }) => secretName === secret);
    if (same) same.hosts = [...(same.hosts ?? []), host];
    else if (host !== '' || secret !== '')
      found.push({ ...(host === '' ? {} : { hosts: [host] }), ...(secret === '' ? {} : { secretName: secret }) });
  }
  return found;
}
