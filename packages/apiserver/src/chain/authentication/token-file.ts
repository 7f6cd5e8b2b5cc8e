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
 * Reads `--token-auth-file`: lines of `token,user,uid,"group1,group2"`. Throws with the line's number when one has fewer than
 * three columns, or an empty token.
 */
export function parseTokenFile(text: string): Map<string, UserInfo> {
  const users = new Map<string, UserInfo>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [token = '', name, uid, groups = ''] = columns(line);
    if (name === undefined || uid === undefined) {
      throw new Error(`token file must have at least 3 columns (token, user name, user uid): line ${i + 1}`);
    }
    if (token === '') throw new Error(`token file has an empty token: line ${i + 1}`);
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
