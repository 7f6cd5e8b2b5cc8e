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

const resourceVerbs = new Set(
  'get list watch create update patch delete deletecollection use bind impersonate * approve sign escalate attest'.split(
    ' ',
  ),
);
const pathVerbs = new Set('get put post head options delete patch *'.split(' '));

/** What can be asked about though no server lists it. */
const unlisted = new Set(['users', 'groups']);

async function ask(call: Call): Promise<void> {
  const { args, flags, session, terminal } = call;
  const [verb = '', target = ''] = args;
  if (args.length !== 2) {
    throw new CommandFailure(
      "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
    );
  }
  const spec = target.startsWith('/')
    ? { nonResourceAttributes: pathAttributes(call, verb, target) }
    : { resourceAttributes: await resourceAttributes(call, verb, target) };
  if (flags.bool('no-headers')) throw new CommandFailure('--no-headers cannot be set without --list specified');
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

function pathAttributes(call: Call, verb: string, path: string): { verb: string; path: string } {
  if (call.flags.string('subresource') !== '')
    throw new CommandFailure('--subresource can not be used with NonResourceURL');
  if (!pathVerbs.has(verb)) warn(call, `verb '${verb}' is not a known verb`);
  return { verb, path };
}

async function resourceAttributes(call: Call, verb: string, target: string): Promise<Record<string, string>> {
  const { flags, session } = call;
  const everywhere = flags.bool('all-namespaces');
  const slash = target.indexOf('/');
  const type = slash < 0 ? target : target.slice(0, slash);
  const found = type === '*' ? undefined : (await session.mapper()).find(type.toLowerCase());
  if (type !== '*' && !found) warnOfUnknown(call, type.toLowerCase());
  if (found && !found.namespaced && !everywhere) {
    const group = found.group === '' ? '' : ` in group '${found.group}'`;
    warn(call, `resource '${found.name}' is not namespace scoped${group}`);
  }
  if (!resourceVerbs.has(verb) && !everywhere) warn(call, `verb '${verb}' is not a known verb`);
  return {
    namespace: everywhere ? '' : session.namespace().namespace,
    verb,
    group: found?.group ?? '',
    resource: found?.name ?? type,
    subresource: flags.string('subresource'),
    name: slash < 0 ? '' : target.slice(slash + 1),
  };
}

function warnOfUnknown(call: Call, type: string): void {
  if (unlisted.has(type)) return;
  const [resource = '', ...group] = type.split('.');
  const where = group.length === 0 ? '' : ` in group '${group.join('.')}'`;
  warn(call, `the server doesn't have a resource type '${resource}'${where}`);
}

/** A warning of its own paragraph. */
function warn({ terminal }: Call, text: string): void {
  terminal.stderr.write(`Warning: ${text}\n\n`);
}

async function listRules(call: Call): Promise<void> {
  const { args, flags, session, terminal } = call;
  if (args.length > 0) throw new CommandFailure('list option must be specified with no arguments');
  if (flags.bool('quiet') || flags.bool('all-namespaces') || flags.string('subresource') !== '') {
    throw new CommandFailure(
      "list option can't be specified with neither quiet, all-namespaces nor subresource options",
    );
  }
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
  if (incomplete) terminal.stderr.write(`Warning: the list may be incomplete: ${evaluationError ?? ''}\n`);
  const rows = ruleRows([
    ...(resourceRules ?? []),
    ...(nonResourceRules ?? []).map((rule) => ({ verbs: rule.verbs, nonResourceURLs: rule.nonResourceURLs ?? [] })),
  ]);
  const writer = new TabWriter((text) => terminal.stdout.write(text), tableColumns);
  if (!flags.bool('no-headers')) writer.write('Resources\tNon-Resource URLs\tResource Names\tVerbs\n');
  for (const row of rows) writer.write(`${row.join('\t')}\n`);
  writer.flush();
}
