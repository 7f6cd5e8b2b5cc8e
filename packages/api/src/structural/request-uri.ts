/** Whether a text may stand in a request: an absolute URI or an absolute path, without a fragment (https://pkg.go.dev/net/url#ParseRequestURI). */
export function isRequestUri(text: string): boolean {
  if (text === '*') return true;
  if (text === '' || text.startsWith(':') || /[\x00-\x1f\x7f]/.test(text)) return false;
  const [, scheme, rest = text] = /^([a-zA-Z][a-zA-Z0-9+.-]*):(.*)$/s.exec(text) ?? [];
  const before = rest.split('?', 1)[0]!;
  // What follows a scheme without a slash is opaque.
  if (!before.startsWith('/')) return scheme !== undefined;
  const [, authority, path = before] = /^\/\/([^/]*)(.*)$/s.exec(scheme === undefined ? '' : before) ?? [];
  return (authority === undefined || isAuthority(authority)) && isEscaped(path);
}

const isEscaped = (text: string): boolean => !/%(?![0-9a-fA-F]{2})/.test(text);

function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf('@');
  const user = authority.slice(0, Math.max(0, at));
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user) || !isEscaped(user)) return false;
  const [, address, rest = authority.slice(at + 1)] = /^(\[[^\]]*\])(.*)$/s.exec(authority.slice(at + 1)) ?? [];
  if (address !== undefined) return /^(?::\d*)?$/.test(rest) && !/[\x20{}^`|\\%](?!25)/.test(address);
  if (rest.startsWith('[')) return false;
  const colon = rest.lastIndexOf(':');
  if (colon >= 0 && !/^:\d*$/.test(rest.slice(colon))) return false;
  return !/[\x20{}^`|\\]/.test(rest) && !/%(?![89a-fA-F][0-9a-fA-F])/.test(rest);
}
