import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { intFlag, stringFlag, stringSliceFlag } from '../../cli/flags.ts';
import type { AnyObject } from '../../resources/resource.ts';
import { createGenerated, generatorFlags, manifestNamespace, nameArgument } from './generator.ts';

const tcpFlag = stringSliceFlag('tcp', [], 'Port pair PORT:TARGETPORT; may be repeated');

const make = (name: string, type: string, extra: Command['flags'] = []): Command => ({
  name,
  short: `Create a ${type} service`,
  usage: `create service ${name} NAME [--tcp=port:targetPort] [--dry-run=server|client|none]`,
  flags: [...generatorFlags, tcpFlag, ...extra],
  run: (call) => createService(call, type),
});

export const service: Command = {
  name: 'service',
  aliases: ['svc'],
  short: 'Create a service',
  usage: 'create service',
  subcommands: [
    make('clusterip', 'ClusterIP', [stringFlag('clusterip', '', 'Address of the service; None makes it headless')]),
    make('externalname', 'ExternalName', [
      stringFlag('external-name', '', 'Name the service is an alias of', { required: true }),
    ]),
    make('loadbalancer', 'LoadBalancer'),
    make('nodeport', 'NodePort', [intFlag('node-port', 0, 'Port opened on every node')]),
  ],
};

async function createService(call: Call, type: string): Promise<void> {
  const { flags } = call;
  const name = nameArgument(call);
  const clusterIp = type === 'ClusterIP' ? flags.string('clusterip') : '';
  const tcp = flags.strings('tcp');
  if (tcp.length === 0 && type !== 'ExternalName' && clusterIp !== 'None')
    throw new CommandFailure('at least one tcp port specifier must be provided');
  const ports = tcp.map((spec) => portOf(spec, type === 'NodePort' ? flags.int('node-port') : 0));
  const labels = { app: name };
  const manifest = {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name, ...manifestNamespace(call), creationTimestamp: null, labels },
    spec: {
      ...(ports.length > 0 ? { ports } : {}),
      selector: labels,
      ...(clusterIp === '' ? {} : { clusterIP: clusterIp }),
      type,
      ...(type === 'ExternalName' ? { externalName: flags.string('external-name') } : {}),
    },
    status: { loadBalancer: {} },
  } as unknown as AnyObject;
  await createGenerated(call, manifest, { group: '', namespaced: true, failure: `failed to create ${type} service:` });
}

function portOf(spec: string, nodePort: number): Record<string, unknown> {
  const [first = '', second] = spec.split(':');
  const number = (text: string, what: string): number => {
    if (!/^\d+$/.test(text))
      throw new CommandFailure(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
    const value = Number(text);
    if (value > 65535)
      throw new CommandFailure(`strconv.ParseUint: parsing ${JSON.stringify(text)}: value out of range`);
    if (value === 0) throw new CommandFailure(`${what} must be between 1 and 65535, inclusive`);
    return value;
  };
  const port = number(first, 'port');
  const targetPort = second === undefined ? port : /^\d+$/.test(second) ? number(second, 'target port') : second;
  return { name: spec.replaceAll(':', '-'), protocol: 'TCP', port, targetPort, ...(nodePort > 0 ? { nodePort } : {}) };
}
