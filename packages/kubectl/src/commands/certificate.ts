import { StatusError } from '@coracle/api/meta/status';
import { now } from '@coracle/api/meta/time';
import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, throwAll } from '../cli/failure.ts';
import { boolFlag } from '../cli/flags.ts';
import { outputFlags } from '../print/printer.ts';
import { type AnyObject, pathOf } from '../resources/resource.ts';
import { type Info, select } from '../resources/selection.ts';
import type { Session } from '../session.ts';
import { outcome } from './outcome.ts';
import { filenameFlags, filenamesOf } from './shared-flags.ts';

interface Decision {
  readonly name: 'approve' | 'deny';
  readonly short: string;
  readonly type: 'Approved' | 'Denied';
  readonly opposite: 'Approved' | 'Denied';
  /** The word for what was done. */
  readonly done: string;
  readonly reason: string;
  readonly message: string;
}

export const command: Command = {
  name: 'certificate',
  short: 'Decide on certificate signing requests',
  usage: 'certificate SUBCOMMAND',
  examples: 'kubectl certificate approve csr-sqgzp\nkubectl certificate deny csr-sqgzp',
  subcommands: [
    deciding({
      name: 'approve',
      short: 'Approve certificate signing requests',
      type: 'Approved',
      opposite: 'Denied',
      done: 'approved',
      reason: 'KubectlApprove',
      message: 'This CSR was approved by kubectl certificate approve.',
    }),
    deciding({
      name: 'deny',
      short: 'Deny certificate signing requests',
      type: 'Denied',
      opposite: 'Approved',
      done: 'denied',
      reason: 'KubectlDeny',
      message: 'This CSR was denied by kubectl certificate deny.',
    }),
  ],
  /** Alone it is a question, and no mistake. */
  async run({ path, terminal }) {
    const { commandHelp } = await import('../cli/help.ts');
    terminal.stdout.write(commandHelp(path, command));
  },
};

/** How often a decision is written again when somebody else changed the request in between. */
const attempts = 10;

function deciding(decision: Decision): Command {
  return {
    name: decision.name,
    short: decision.short,
    usage: `certificate ${decision.name} (-f FILENAME | NAME)`,
    examples: `kubectl certificate ${decision.name} csr-sqgzp`,
    flags: [
      ...outputFlags,
      ...filenameFlags,
      boolFlag('force', false, `Write the decision also when the request is ${decision.done} already`),
    ],
    run: (call) => decide(call, decision),
  };
}

async function decide(call: Call, decision: Decision): Promise<void> {
  const { args, flags, session, terminal } = call;
  const filenames = filenamesOf(flags);
  if (args.length === 0 && filenames.length === 0)
    throw new CommandFailure('one or more CSRs must be specified as <name> or -f <filename>');
  const told = await outcome(call);
  const { entries } = await select(session, terminal, {
    args: args.map((each) => (each.includes('/') ? each : `certificatesigningrequests/${each}`)),
    filenames,
    recursive: flags.bool('recursive'),
    fetch: true,
  });
  const failed: unknown[] = [];
  for (const entry of entries) {
    try {
      if ('error' in entry) throw entry.error;
      const { resource, object, source } = entry.info;
      if (resource.namespaced && source === '')
        throw new CommandFailure('namespace may not be empty when retrieving a resource by name');
      if (resource.kind !== 'CertificateSigningRequest' || resource.group !== 'certificates.k8s.io') {
        const got = resource.group === '' ? resource.kind : `${resource.kind}.${resource.group}`;
        throw new CommandFailure(`can only handle CertificateSigningRequest.certificates.k8s.io objects, got ${got}`);
      }
      await write(session, entry.info, decision, flags.bool('force'));
      told.tell(resource, object!, decision.done);
    } catch (error) {
      failed.push(error);
    }
  }
  if (entries.length === 0) terminal.stdout.write('No resources found\n');
  throwAll(failed);
}

/** Adds the condition to the request as it is now; one that has it is written again only with `force`. */
async function write(session: Session, info: Info, decision: Decision, force: boolean): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const path = pathOf(info.resource, info.namespace, info.name);
    const request = await session.rest.json<CertificateSigningRequest & AnyObject>('GET', path);
    const conditions = request.status?.conditions ?? [];
    if (conditions.some((each) => each.type === decision.opposite))
      throw new CommandFailure(`certificate signing request "${info.name}" is already ${decision.opposite}`);
    const decided = conditions.some((each) => each.type === decision.type);
    if (decided && !force) return;
    if (!decided) {
      const { type, reason, message } = decision;
      request.status = {
        ...request.status,
        conditions: [...conditions, { type, status: 'True', reason, message, lastUpdateTime: now() }],
      };
    }
    try {
      await session.rest.json('PUT', `${path}/approval`, { body: request });
      return;
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'Conflict' || attempt >= attempts) throw error;
    }
  }
}
