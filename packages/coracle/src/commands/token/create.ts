import { readFileSync } from 'node:fs';
import { clusterInfo, clusterInfoKubeconfigKey } from '@coracle/api/bootstrap/cluster-info';
import { type BootstrapToken, tokenUsages } from '@coracle/api/bootstrap/token';
import { configMap } from '@coracle/api/core/v1/configmap';
import { secret } from '@coracle/api/core/v1/secret';
import { isAlreadyExists, isNotFound } from '@coracle/api/meta/status';
import type { Client, RestConfig } from '@coracle/client';
import { parseKubeconfig } from '@coracle/client/kubeconfig';
import { boolFlag, durationFlag, stringFlag, stringSliceFlag } from '@coracle/process/flags';
import { command } from '../../cli/command.ts';
import { fail } from '../../failure.ts';
import { administratorFlags, asAdministrator } from '../../join/administrator.ts';
import { pinsOf } from '../../join/pin.ts';
import { defaultNodeGroup, generateToken, readToken, tokenSecret } from '../../join/token.ts';

const day = 24 * 60 * 60_000;

export default command({
  name: 'token create',
  about: 'make a token, and print it',
  arguments: { usage: '[TOKEN]', least: 0, most: 1 },
  description: `Makes a token that nodes can join the cluster with, and prints it: a random one, or the one given, of the form
[a-z0-9]{6}.[a-z0-9]{16}. Whoever has it can join as a node until it expires: treat it as a password.`,
  examples: ['coracle token create --print-join-command', 'coracle token create --ttl 1h --description "rack 4"'],
  flags: {
    ...administratorFlags,
    ttl: durationFlag({ default: day, help: 'how long the token is good for; 0 for ever' }),
    description: stringFlag({ help: 'what the token is for' }),
    groups: stringSliceFlag({
      default: [defaultNodeGroup],
      help: 'groups that those who authenticate with the token are in: system:bootstrappers:…',
    }),
    usages: stringSliceFlag({
      default: [...tokenUsages],
      help: 'what the token is good for: signing (of cluster-info), authentication',
    }),
    'print-join-command': boolFlag({
      help: 'print the whole command line for the node that joins, and not only the token',
    }),
  },
  async run({ flags, args: [given] }) {
    const token = given === undefined ? generateToken() : readToken(given);
    const { description, ttl, groups, usages } = flags;
    const made = tokenSecret({ token, description, ttl, groups, usages }, Date.now());
    const line = await asAdministrator(flags, async (client, config) => {
      // What is printed is found out first: a token nobody learns of would be left otherwise.
      const text = flags['print-join-command']
        ? await joinCommand(client, config, token)
        : `${token.id}.${token.secret}`;
      try {
        await client.create(secret, made);
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
        fail(`a token with id ${JSON.stringify(token.id)} already exists`, {
          next: `'coracle token delete ${token.id}' deletes it.`,
          cause: error,
        });
      }
      return text;
    });
    process.stdout.write(`${line}\n`);
    return 0;
  },
});

/** The command line for the node: the server that cluster-info names, and the pins of the authorities the administrator believes. */
async function joinCommand(client: Client, config: RestConfig, token: BootstrapToken): Promise<string> {
  const authority = config.caData ?? (config.caFile && readFileSync(config.caFile, 'utf8'));
  if (!authority) fail('the kubeconfig names no authority, so there is nothing to pin');
  const pins = pinsOf(authority).map((pin) => ` --ca-cert-hash ${pin}`);
  return `coracle node join --server ${await publicServer(client)} --token ${token.id}.${token.secret}${pins.join('')}`;
}

async function publicServer(client: Client): Promise<string> {
  const info = await client.get(configMap, clusterInfo.name, clusterInfo.namespace).catch((error) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  const text = info?.data?.[clusterInfoKubeconfigKey];
  const server = text && parseKubeconfig(text, 'cluster-info').clusters?.[0]?.cluster.server;
  return (
    server ||
    fail(`${clusterInfo.namespace}/${clusterInfo.name} does not say how the cluster is reached: nodes cannot join it`, {
      next: "'coracle up' makes it where it is missing.",
    })
  );
}
