import { messageOf } from '@coracle/api/meta/message-of';
import { Quantity } from '@coracle/api/meta/quantity';
import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { stringFlag } from '../../cli/flags.ts';
import type { AnyObject } from '../../resources/resource.ts';
import { createGenerated, generatorFlags, manifestNamespace, nameArgument } from './generator.ts';

export const quota: Command = {
  name: 'quota',
  aliases: ['resourcequota'],
  short: 'Create a quota',
  usage: 'create quota NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=server|client|none]',
  examples:
    'kubectl create quota team --hard=pods=10,requests.cpu=4\nkubectl create quota idle --hard=pods=5 --scopes=BestEffort',
  flags: [
    ...generatorFlags,
    stringFlag('hard', '', 'What may be used at most: resource=amount, set off by commas'),
    stringFlag('scopes', '', 'The scopes of objects that count, set off by commas'),
  ],
  run: create,
};

async function create(call: Call): Promise<void> {
  const { flags } = call;
  const name = nameArgument(call);
  const hard = amounts(flags.string('hard'));
  const scopes = scopesOf(flags.string('scopes'));
  const manifest = {
    kind: 'ResourceQuota',
    apiVersion: 'v1',
    metadata: { name, ...manifestNamespace(call), creationTimestamp: null },
    spec: { ...(hard ? { hard } : {}), ...(scopes ? { scopes } : {}) },
    status: {},
  } as unknown as AnyObject;
  await createGenerated(call, manifest, { group: '', namespaced: true, failure: 'failed to create quota:' });
}

function amounts(text: string): Record<string, string> | undefined {
  if (text === '') return undefined;
  const entries = text.split(',').map((statement): [string, string] => {
    const parts = statement.split('=');
    if (parts.length !== 2)
      throw new CommandFailure(`Invalid argument syntax ${statement}, expected <resource>=<value>`);
    try {
      return [parts[0]!, Quantity.parse(parts[1]!).toString()];
    } catch (error) {
      throw new CommandFailure(messageOf(error));
    }
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function scopesOf(text: string): string[] | undefined {
  if (text === '') return undefined;
  const scopes = text.split(',');
  if (scopes.includes('')) throw new CommandFailure('invalid resource quota scope ""');
  return scopes;
}
