/** One way to prove who asks, as a server offers it in `WWW-Authenticate` (RFC 9110, 11.6.1). */
export interface Challenge {
  /** In lower case: `basic`, `bearer`. */
  scheme: string;
  /** Names in lower case. */
  parameters: Record<string, string>;
}

const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const quoted = /"((?:[^"\\]|\\.)*)"/y;

/** The challenges of a header; what cannot be read ends the list. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match) at = pattern.lastIndex;
    return match;
  };
  const skip = () => take(/[\s,]*/y);
  for (skip(); at < header.length; skip()) {
    const before = at;
    const name = take(token)?.[0];
    if (name === undefined) return challenges;
    if (take(/\s*=\s*/y)) {
      const value = take(quoted)?.[1]?.replace(/\\(.)/g, '$1') ?? take(token)?.[0];
      const current = challenges.at(-1);
      if (value === undefined || !current) return challenges;
      current.parameters[name.toLowerCase()] = value;
    } else challenges.push({ scheme: name.toLowerCase(), parameters: {} });
    if (at === before) return challenges;
  }
  return challenges;
}
