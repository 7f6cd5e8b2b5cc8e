import { goQuoted } from '@coracle/api/codec/go-text';
import { badRequest } from '@coracle/api/meta/status';
import { extraIn } from '../authentication/request-header.ts';
import { headerValues, type WithHeaders } from '../header-values.ts';

const extraPrefix = 'impersonate-extra-';

/** What the Impersonate- headers of a request ask for. */
export interface Wish {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Whether only a name is asked for: nodes and service accounts come with all else. */
export const isOnlyName = ({ uid, groups, extra }: Wish): boolean =>
  uid === '' && groups.length === 0 && Object.keys(extra).length === 0;

/** Reads the wish and takes its headers off; undefined: there is none. Throws BadRequest where no name is asked for. */
export function takeWish(req: WithHeaders): Wish | undefined {
  const { headers } = req;
  const names = Object.keys(headers).filter((header) => header.startsWith('impersonate-'));
  if (names.length === 0) return undefined;
  const [name = ''] = headerValues(req, 'impersonate-user');
  const [uid = ''] = headerValues(req, 'impersonate-uid');
  const groups = headerValues(req, 'impersonate-group');
  const wish = { name, uid, groups, extra: extraIn(req, [extraPrefix]) };
  if (name === '') {
    if (isOnlyName(wish)) return undefined;
    throw badRequest(`requested ${goForm(wish)} without impersonating a user name`);
  }
  for (const header of names) delete headers[header];
  return wish;
}

/** As upstream shows it: the literal of its own type. */
function goForm({ uid, groups, extra }: Wish): string {
  const list = (texts: readonly string[]) => `[]string{${texts.map(goQuoted).join(', ')}}`;
  const entries = Object.entries(extra)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => `${goQuoted(key)}:${list(each)}`);
  const groupList = groups.length > 0 ? list(groups) : '[]string(nil)';
  const extraMap = entries.length > 0 ? `map[string][]string{${entries.join(', ')}}` : 'map[string][]string(nil)';
  return `&user.DefaultInfo{Name:"", UID:${goQuoted(uid)}, Groups:${groupList}, Extra:${extraMap}}`;
}
