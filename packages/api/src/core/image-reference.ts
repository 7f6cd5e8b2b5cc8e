/** An image name taken apart. */
export interface ImageReference {
  /** `docker.io` where the name has none. */
  registry: string;
  /** The path in the registry; `library/` before bare names of docker.io. */
  repository: string;
  tag?: string;
  digest?: string;
}

const host = String.raw`(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?`;
const component = String.raw`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`;
const grammar = new RegExp(
  `^(?:(${host})/)?(${component}(?:/${component})*)(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`,
);

/** Takes an image name apart as Docker's reference grammar does; undefined when it is none. */
export function parseReference(name: string): ImageReference | undefined {
  if (/^[a-f0-9]{64}$/.test(name)) return undefined;
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const named = first !== '' && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first);
  const match = grammar.exec(named ? name : `docker.io/${name}`);
  if (!match?.[1]) return undefined;
  const [, registry, path, tag, digest] = match;
  const official = registry === 'docker.io' && !path!.includes('/');
  return {
    registry: registry === 'index.docker.io' ? 'docker.io' : registry,
    repository: official ? `library/${path}` : path!,
    tag,
    digest,
  };
}

/** The name with `:latest` where it has neither tag nor digest; undefined when it is no image name. */
export function withDefaultTag(name: string): string | undefined {
  const parsed = parseReference(name);
  if (!parsed) return undefined;
  return parsed.tag || parsed.digest ? name : `${name}:latest`;
}

/** The name in full, as a container runtime keeps it: `docker.io/library/nginx:latest` for `nginx`; undefined when it is no image name. */
export function fullName(name: string): string | undefined {
  const parsed = parseReference(name);
  if (!parsed) return undefined;
  const { registry, repository, tag = parsed.digest ? undefined : 'latest', digest } = parsed;
  return `${registry}/${repository}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`;
}
