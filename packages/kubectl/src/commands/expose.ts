import { applyMergePatch } from '@coracle/api/patch/merge-patch';
import type { Pod, Service } from '@coracle/api/types/core/v1';
import type { LabelSelector } from '@coracle/api/types/meta/v1';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, throwAll } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { withOwnManifest } from '../manifests/last-applied.ts';
import { outputFlags } from '../print/printer.ts';
import type { AnyObject } from '../resources/resource.ts';
import { EmptySelection, type Info, select } from '../resources/selection.ts';
import { createObject } from '../resources/writes.ts';
import { manifestNamespace } from './create/generator.ts';
import { parseLabels } from './label.ts';
import { outcome } from './outcome.ts';
import { dryRunFlag, dryRunOf, fieldManagerFlag, filenameFlags, filenamesOf } from './shared-flags.ts';

export const command: Command = {
  name: 'expose',
  short: 'Make a Service for a workload, pod or service',
  usage:
    'expose (-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type]',
  flags: [
    ...outputFlags,
    stringFlag('cluster-ip', '', 'Address of the service; None makes it headless'),
    dryRunFlag,
    stringFlag('external-ip', '', 'Another address the service takes traffic for'),
    fieldManagerFlag('kubectl-expose'),
    ...filenameFlags,
    stringFlag('labels', '', 'Labels of the service: a=b,c=d', { short: 'l' }),
    stringFlag('load-balancer-ip', '', 'Address of the load balancer'),
    stringFlag('name', '', 'Name of the service'),
    stringFlag('override-type', 'merge', 'How --overrides is applied: only merge'),
    stringFlag('overrides', '', 'JSON to put over the service'),
    stringFlag('port', '', 'Port of the service'),
    stringFlag('protocol', '', 'TCP, UDP or SCTP'),
    boolFlag('save-config', false, 'Keep the manifest in the annotation that apply uses'),
    stringFlag('selector', '', 'Selector of the service: a=b,c=d'),
    stringFlag('session-affinity', '', 'None or ClientIP'),
    stringFlag('target-port', '', 'Port of the pods: a number or a name'),
    stringFlag('type', '', 'ClusterIP, NodePort, LoadBalancer or ExternalName'),
  ],
  run: expose,
};

const exposable = ['ReplicationController', 'Service', 'Pod', 'Deployment', 'ReplicaSet'];

async function expose(call: Call): Promise<void> {
  const { args, flags, session, terminal } = call;
  const filenames = filenamesOf(flags);
  if (args.length === 0 && filenames.length === 0) throw new EmptySelection();
  const dryRun = dryRunOf(flags);
  if (flags.string('override-type') !== 'merge')
    throw new CommandFailure(
      `--override-type=${flags.string('override-type')} is not supported by this kubectl, only merge`,
    );
  const told = await outcome(call, dryRun, { keepOrder: true });
  const { infos, errors } = await select(session, terminal, {
    args,
    filenames,
    recursive: flags.bool('recursive'),
    fetch: true,
  });
  throwAll(errors);
  for (const info of infos) {
    const service = overridden(serviceFor(call, info), flags.string('overrides'));
    const shape = { kind: 'Service', group: '' };
    const object = flags.bool('save-config') ? withOwnManifest(service) : service;
    if (dryRun === 'client') {
      told.tell(shape, object, 'exposed');
      continue;
    }
    const resource = (await session.mapper()).forKind('v1', 'Service');
    const target = {
      resource,
      namespace: info.namespace || session.namespace().namespace,
      name: service.metadata.name!,
      source: '',
    };
    const created = await createObject(session, target, object, {
      serverDryRun: dryRun === 'server',
      fieldManager: flags.string('field-manager'),
    });
    told.tell(shape, created, 'exposed');
  }
}

function overridden(service: AnyObject, overrides: string): AnyObject {
  if (overrides === '') return service;
  try {
    return applyMergePatch(service, JSON.parse(overrides));
  } catch (error) {
    throw new CommandFailure(`invalid --overrides: ${(error as Error).message}`);
  }
}

function serviceFor(call: Call, info: Info): AnyObject {
  const { flags } = call;
  const object = info.object!;
  if (!exposable.includes(object.kind)) {
    throw new CommandFailure(`cannot expose a ${object.kind}${info.resource.group ? `.${info.resource.group}` : ''}`);
  }
  const name = flags.string('name') || info.name.slice(0, 63);
  const labels = flags.string('labels') === '' ? object.metadata.labels : keyValues(flags.string('labels'));
  const ports = servicePorts(portFlags(flags), object);
  const clusterIp = flags.string('cluster-ip');
  const spec: Record<string, unknown> = {
    ...(ports.length > 0 ? { ports } : {}),
    selector: flags.string('selector') === '' ? selectorOf(object) : keyValues(flags.string('selector')),
    ...(clusterIp === '' ? {} : { clusterIP: clusterIp }),
    ...(flags.string('type') === '' ? {} : { type: flags.string('type') }),
    ...(flags.string('external-ip') === '' ? {} : { externalIPs: [flags.string('external-ip')] }),
    ...(flags.string('session-affinity') === '' ? {} : { sessionAffinity: flags.string('session-affinity') }),
    ...(flags.string('load-balancer-ip') === '' ? {} : { loadBalancerIP: flags.string('load-balancer-ip') }),
  };
  return {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: {
      name,
      ...manifestNamespace(call),
      creationTimestamp: null,
      ...(labels && Object.keys(labels).length > 0 ? { labels } : {}),
    },
    spec,
    status: { loadBalancer: {} },
  } as unknown as AnyObject;
}

const portFlags = (flags: Call['flags']): { port: string; target: string; protocol: string } => ({
  port: flags.string('port'),
  target: flags.string('target-port'),
  protocol: flags.string('protocol'),
});

function servicePorts(
  { port, target, protocol }: ReturnType<typeof portFlags>,
  object: AnyObject,
): Record<string, unknown>[] {
  const own = portsOf(object);
  const given =
    port !== ''
      ? port.split(',').map((text) => ({ port: numberOf(text), protocol: undefined as string | undefined }))
      : own;
  if (given.length === 0) throw new CommandFailure("couldn't find port via --port flag or introspection");
  return given.map((each, i) => {
    const found = own.find((other) => other.port === each.port)?.protocol;
    const targetPort = target === '' ? each.port : /^\d+$/.test(target) ? Number(target) : target;
    return {
      ...(given.length > 1 ? { name: `port-${i + 1}` } : {}),
      protocol: protocol || each.protocol || found || 'TCP',
      port: each.port,
      targetPort,
    };
  });
}

function numberOf(text: string): number {
  if (!/^\d+$/.test(text)) throw new CommandFailure(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function portsOf(object: AnyObject): { port: number; protocol: string | undefined }[] {
  if (object.kind === 'Service') {
    return ((object as unknown as Service).spec?.ports ?? []).map(({ port, protocol }) => ({ port, protocol }));
  }
  const spec =
    object.kind === 'Pod'
      ? (object as unknown as Pod).spec
      : (object['spec'] as { template?: { spec?: Pod['spec'] } }).template?.spec;
  return (spec?.containers ?? []).flatMap((container) =>
    (container.ports ?? []).map(({ containerPort, protocol }) => ({ port: containerPort, protocol })),
  );
}

function selectorOf(object: AnyObject): Record<string, string> {
  if (object.kind === 'Pod') {
    const { labels } = object.metadata;
    if (!labels || Object.keys(labels).length === 0)
      throw new CommandFailure(
        "couldn't retrieve selectors via --selector flag or introspection: the pod has no labels and cannot be exposed",
      );
    return labels;
  }
  const selector = (object['spec'] as { selector?: LabelSelector | Record<string, string> }).selector;
  const fail = (why: string): CommandFailure =>
    new CommandFailure(`couldn't retrieve selectors via --selector flag or introspection: ${why}`);
  if (object.kind === 'Service' || object.kind === 'ReplicationController') {
    if (!selector || Object.keys(selector).length === 0) throw fail('the service has no pod selector set');
    return selector as Record<string, string>;
  }
  const { matchLabels, matchExpressions } = (selector ?? {}) as LabelSelector;
  if (matchExpressions?.length)
    throw fail(`couldn't convert expressions - ${JSON.stringify(matchExpressions)} to map-based selector format`);
  if (!matchLabels || Object.keys(matchLabels).length === 0) throw fail('the object has no selector');
  return matchLabels;
}

const keyValues = (text: string): Record<string, string> => Object.fromEntries(parseLabels(text.split(',')).set);
