import type { Service } from '@coracle/api/types/core/v1';
import type { Command } from '../cli/command.ts';
import { CommandFailure } from '../cli/failure.ts';
import type { Terminal } from '../cli/terminal.ts';

export const command: Command = {
  name: 'cluster-info',
  short: 'Show where the control plane answers',
  usage: 'cluster-info [flags]',
  async run({ args, session, terminal }) {
    if (args.length > 0) throw new CommandFailure(`extra arguments: [${args.join(' ')}]`);
    const { server } = session.rest.config;
    try {
      const { items } = await session.rest.json<{ items: Service[] | null }>(
        'GET',
        '/api/v1/namespaces/kube-system/services',
        {
          query: { labelSelector: 'kubernetes.io/cluster-service=true' },
        },
      );
      line(terminal, 'Kubernetes control plane', server);
      for (const service of items ?? []) line(terminal, displayName(service), linkOf(service, server));
    } finally {
      terminal.stdout.write("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n");
    }
  },
};

/** Upstream colours these lines on a terminal that is not dumb. */
function line({ stdout, env }: Terminal, name: string, link: string): void {
  const plain = !stdout.isTTY || env['TERM'] === 'dumb';
  const colour = (code: string, text: string): string => (plain ? text : `\x1b[0;${code}m${text}\x1b[0m`);
  stdout.write(`${colour('32', name)} is running at ${colour('33', link)}\n`);
}

const displayName = ({ metadata }: Service): string => metadata.labels?.['kubernetes.io/name'] || metadata.name!;

function linkOf({ metadata, spec, status }: Service, server: string): string {
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (ingress.length > 0) {
    const host = ingress[0]!.ip || ingress[0]!.hostname || '';
    return (spec?.ports ?? []).map((port) => `http://${host}:${port.port} `).join('');
  }
  const port = spec?.ports?.[0];
  const scheme = port?.name === 'https' || port?.port === 443 ? 'https:' : '';
  const name = `${scheme}${metadata.name}${scheme !== '' || port?.name ? ':' : ''}${port?.name ?? ''}`;
  return `${server}/api/v1/namespaces/${metadata.namespace}/services/${name}/proxy`;
}
