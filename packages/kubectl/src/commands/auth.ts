import { goText } from '@coracle/api/codec/go-text';
import type { SelfSubjectAccessReview, SelfSubjectRulesReview } from '@coracle/api/types/authorization/v1';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, RawFailure } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { ruleRows } from '../describe/rbac.ts';
import { outputFlags, prepareTemplates, printerOf } from '../print/printer.ts';
import { TabWriter, tableColumns } from '../print/tabwriter.ts';
import type { AnyObject } from '../resources/resource.ts';
import { allNamespacesFlag } from './shared-flags.ts';

const canI: Command = {
  name: 'can-i',
  short: 'Ask whether you may do something',
  usage: 'auth can-i VERB [TYPE | TYPE/NAME | NONRESOURCEURL]',
  examples: 'kubectl auth can-i create pods\nkubectl auth can-i get /healthz\nkubectl auth can-i --list',
  flags: [
    allNamespacesFlag,
    boolFlag('list', false, 'List all you may do'),
    boolFlag('no-headers', false, 'Print no header line'),
    boolFlag('quiet', false, 'Only exit with 0 or 1', { short: 'q' }),
    stringFlag('subresource', '', 'Subresource, such as log or status'),
  ],
  run: (call) => (call.flags.bool('list') ? listRules(call) : ask(call)),
};

const whoAmI: Command = {
  name: 'whoami',
  short: 'Show who the server takes you for',
  usage: 'auth whoami',
  flags: outputFlags,
  async run({ args, flags, session, terminal }) {
    if (args.length > 0)
      throw new CommandFailure(`unknown command ${JSON.stringify(args[0])} for "kubectl auth whoami"`);
    await prepareTemplates(flags);
    const printer = printerOf(flags);
    const review = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
      metadata: { creationTimestamp: null },
      status: { userInfo: {} },
    };
    const answer = await session.rest.json<AnyObject & { status: { userInfo: UserInfo } }>(
      'POST',
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      { body: review },
    );
    if (printer) {
      const metadata = { ...answer.metadata, creationTimestamp: answer.metadata?.creationTimestamp ?? null };
      terminal.stdout.write(printer.print({ ...answer, metadata } as unknown as AnyObject));
      return;
    }
    const writer = new TabWriter((text) => terminal.stdout.write(text), tableColumns);
    writer.write('ATTRIBUTE\tVALUE\n');
    const { username, uid, groups, extra } = answer.status.userInfo;
    if (username) writer.write(`Username\t${username}\n`);
    if (uid) writer.write(`UID\t${uid}\n`);
    if (groups?.length) writer.write(`Groups\t${goText(groups)}\n`);
    for (const key of Object.keys(extra ?? {}).sort()) writer.write(`Extra: ${key}\t${goText(extra![key])}\n`);
    writer.flush();
  },
};

interface UserInfo {
  username?: string;
  uid?: string;
  groups?: string[];
  extra?: Record<string, string[]>;
}

export const command: Command = {
  name: 'auth',
  short: 'Ask who you are and what you may do',
  usage: 'auth [flags]',
  subcommands: [canI, whoAmI],
};

async function ask(call: Call): Promise<void> {
  const { args, flags, session, terminal } = call;
  if (args.length === 0 || args.length > 3) {
    throw new CommandFailure(
      "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
    );
  }
  const namespace = flags.bool('all-namespaces') ? '' : session.namespace().namespace;
  const [verb = '', target = '', given = ''] = args;
  if (args.length === 1) {
    throw new CommandFailure(
      "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
    );
  }
  const spec = target.startsWith('/')
    ? { nonResourceAttributes: { verb, path: target } }
    : { resourceAttributes: await resourceAttributes(call, verb, target, given, namespace) };
  const review = await session.rest.json<SelfSubjectAccessReview>(
    'POST',
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    {
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        metadata: { creationTimestamp: null },
        spec,
        status: { allowed: false },
      },
    },
  );
  const { allowed, reason = '', evaluationError = '' } = review.status ?? { allowed: false };
  if (!flags.bool('quiet')) {
    const why = allowed ? '' : `${reason ? ` - ${reason}` : ''}${evaluationError ? ` - ${evaluationError}` : ''}`;
    terminal.stdout.write(`${allowed ? 'yes' : 'no'}${why}\n`);
  }
  if (!allowed) throw new RawFailure('', 1);
}

async function resourceAttributes(
  call: Call,
  verb: string,
  target: string,
  given: string,
  namespace: string,
): Promise<Record<string, string>> {
  const { flags, session, terminal } = call;
  const slash = target.indexOf('/');
  if (slash >= 0 && given !== '') throw new CommandFailure('NonResourceURL and subresource can not set together');
  const type = slash < 0 ? target : target.slice(0, slash);
  const name = slash < 0 ? given : target.slice(slash + 1);
  const subresource = flags.string('subresource');
  if (type === '*') return { namespace, verb, group: '*', version: '*', resource: '*', subresource, name };
  const resource = (await session.mapper()).find(type.toLowerCase());
  if (!resource) {
    const [first = '', ...group] = type.split('.');
    terminal.stderr.write(
      group.length === 0
        ? `Warning: the server doesn't have a resource type '${type}'\n\n`
        : `Warning: the server doesn't have a resource type '${first}' in group '${group.join('.')}'\n\n`,
    );
    return { namespace, verb, group: group.join('.'), resource: first, subresource, name };
  }
  if (!resource.namespaced && !flags.bool('all-namespaces')) {
    const group = resource.group === '' ? '' : ` in group '${resource.group}'`;
    terminal.stderr.write(`Warning: resource '${resource.name}' is not namespace scoped${group}\n\n`);
  }
  return {
    namespace,
    verb,
    group: resource.group,
    version: resource.version,
    resource: resource.name,
    subresource,
    name,
  };
}

async function listRules(call: Call): Promise<void> {
  const { args, flags, session, terminal } = call;
  if (args.length > 0) throw new CommandFailure('list option must be specified with no arguments');
  const { namespace } = session.namespace();
  const review = await session.rest.json<SelfSubjectRulesReview>(
    'POST',
    '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
    {
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectRulesReview',
        metadata: { creationTimestamp: null },
        spec: { namespace },
      },
    },
  );
  const { resourceRules = [], nonResourceRules = [], incomplete, evaluationError } = review.status ?? {};
  if (incomplete) terminal.stderr.write(`warning: the list may be incomplete: ${evaluationError ?? ''}\n`);
  const rows = ruleRows([
    ...(resourceRules ?? []),
    ...(nonResourceRules ?? []).map((rule) => ({ verbs: rule.verbs, nonResourceURLs: rule.nonResourceURLs ?? [] })),
  ]);
  const writer = new TabWriter((text) => terminal.stdout.write(text), tableColumns);
  if (!flags.bool('no-headers')) writer.write('Resources\tNon-Resource URLs\tResource Names\tVerbs\n');
  for (const row of rows) writer.write(`${row.join('\t')}\n`);
  writer.flush();
}
