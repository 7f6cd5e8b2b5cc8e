import { createHash } from 'node:crypto';
import type { UserInfo } from '../link.ts';
import type { TokenAuthenticator } from './authenticator.ts';

/** Users by fixed tokens. Tokens are held as digests, so that looking one up says nothing about the others by its timing. */
export function fixedTokens(users: ReadonlyMap<string, UserInfo>): TokenAuthenticator {
  const byDigest = new Map([...users].map(([token, user]) => [digest(token), user]));
  return {
    authenticateToken(token) {
      const user = byDigest.get(digest(token));
      return user && { user };
    },
  };
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

/**
 * Reads `--token-auth-file`: lines of `token,user,uid,"group1,group2"`. Throws when one has fewer than three columns. `warn` is told of lines without a
 * token, which are passed over, and of tokens that stand twice, of which the last counts.
 */
export function parseTokenFile(text: string, path: string, warn: (text: string) => void): Map<string, UserInfo> {
  const users = new Map<string, UserInfo>();
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  for (const [i, line] of lines.entries()) {
    const found = columns(line);
    const [token = '', name, uid, groups = ''] = found;
    if (name === undefined || uid === undefined) {
      const wanted = 'must have at least 3 columns (token, user name, user uid)';
      throw new Error(`token file '${path}' ${wanted}, found ${found.length}`);
    }
    const where = `has been found in token file '${path}', record number '${i + 1}'`;
    if (token === '') {
      warn(`empty token ${where}`);
      continue;
    }
    if (users.has(token)) warn(`duplicate token ${where}`);
    users.set(token, { name, uid, groups: groups.split(',').filter((group) => group !== ''), extra: {} });
  }
  return users;
}

/** The columns of a line of comma-separated values; a quoted one may hold commas and doubled quotes. */
function columns(line: string): string[] {
  const found: string[] = [];
  const column = /\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(,|$)/gy;
  for (let match = column.exec(line); match; match = column.exec(line)) {
    found.push((match[1]?.replaceAll('""', '"') ?? match[2] ?? '').trim());
    if (match[3] === '') break;
  }
  return found;
}
