import { bootstrapTokenNamespace, bootstrapTokenType } from '@coracle/api/bootstrap/token';
import { secret } from '@coracle/api/core/v1/secret';
import { shortHumanDuration } from '@coracle/api/meta/time';
import { choiceFlag } from '@coracle/process/flags';
import { command } from '../../cli/command.ts';
import { table } from '../../cli/table.ts';
import { administratorFlags, asAdministrator } from '../../join/administrator.ts';
import { type ListedToken, listedToken } from '../../join/token.ts';

export default command({
  name: 'token list',
  about: 'list the tokens of a cluster',
  description: 'Lists the tokens nodes can join with. It shows them whole: treat what it prints as a password.',
  flags: {
    ...administratorFlags,
    output: choiceFlag({ shorthand: 'o', choices: ['', 'json'], help: "'json' for programs" }),
  },
  async run({ flags }) {
    const now = Date.now();
    const tokens = await asAdministrator(flags, async (client) => {
      const { items } = await client.list(secret, {
        namespace: bootstrapTokenNamespace,
        fieldSelector: `type=${bootstrapTokenType}`,
      });
      return items.flatMap((each) => listedToken(each, now) ?? []);
    });
    const shown =
      flags.output === 'json' ? `${JSON.stringify(tokens.map(forPrograms), undefined, 2)}\n` : described(tokens);
    process.stdout.write(shown);
    return 0;
  },
});

const forPrograms = ({ left: _, ...token }: ListedToken) => token;

/** The text of `coracle token list`. */
export function described(tokens: readonly ListedToken[]): string {
  if (tokens.length === 0) return '';
  const rows = tokens.map((it) => [
    it.token,
    it.left === undefined ? '<forever>' : it.left < 0 ? '<invalid>' : shortHumanDuration(it.left),
    it.expires ?? '<never>',
    it.usages.join(',') || '<none>',
    it.description || '<none>',
    it.groups.join(',') || '<none>',
  ]);
  return table([['TOKEN', 'TTL', 'EXPIRES', 'USAGES', 'DESCRIPTION', 'EXTRA GROUPS'], ...rows]);
}
