import {
  bootstrapTokenIdPattern,
  bootstrapTokenNamespace,
  parseBootstrapToken,
  tokenSecretName,
} from '@coracle/api/bootstrap/token';
import { secret } from '@coracle/api/core/v1/secret';
import { isNotFound } from '@coracle/api/meta/status';
import { command } from '../../cli/command.ts';
import { fail } from '../../failure.ts';
import { administratorFlags, asAdministrator } from '../../join/administrator.ts';

export default command({
  name: 'token delete',
  about: 'delete tokens: no node can join with them any more',
  arguments: { usage: 'TOKEN …', least: 1, most: 1000 },
  description: 'Deletes tokens, named whole or by what stands before the dot. Nodes that have joined are nodes still.',
  examples: ['coracle token delete abcdef'],
  flags: administratorFlags,
  async run({ flags, args }) {
    const ids = args.map(idOf);
    await asAdministrator(flags, async (client) => {
      for (const id of ids) {
        try {
          await client.delete(secret, tokenSecretName(id), bootstrapTokenNamespace);
        } catch (error) {
          if (!isNotFound(error)) throw error;
          fail(`failed to delete bootstrap token ${JSON.stringify(id)}: there is none`, {
            next: "'coracle token list' lists them.",
            cause: error,
          });
        }
        process.stdout.write(`bootstrap token ${JSON.stringify(id)} deleted\n`);
      }
    });
    return 0;
  },
});

function idOf(given: string): string {
  if (bootstrapTokenIdPattern.test(given)) return given;
  return (
    parseBootstrapToken(given)?.id ??
    fail(`given token didn't match pattern "[a-z0-9]{6}" or "[a-z0-9]{6}.[a-z0-9]{16}"`)
  );
}
