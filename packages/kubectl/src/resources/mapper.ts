import { CommandFailure, RawFailure } from '../cli/failure.ts';
import type { Discovered } from './discovery.ts';
import type { Resource } from './resource.ts';

/** A kind that no group-version of the server has. */
export class NoKindMatch extends CommandFailure {}

/** What upstream shows, without `error: `, where a resource name is looked up by itself. */
export function noSuchResource(argument: string): RawFailure {
  const [name, ...group] = argument.split('.');
  const where = group.length > 0 ? ` in group ${JSON.stringify(group.join('.'))}` : '';
  return new RawFailure(`the server doesn't have a resource type ${JSON.stringify(name)}${where}`);
}

/** Finds resources by what people type and what manifests name. */
export class Mapper {
  readonly discovered: Discovered;

  constructor(discovered: Discovered) {
    this.discovered = discovered;
  }

  /** The resource of a manifest's apiVersion and kind. Throws NoKindMatch. */
  forKind(apiVersion: string, kind: string): Resource {
    const found = this.discovered.resources.find((each) => each.apiVersion === apiVersion && each.kind === kind);
    if (found) return found;
    throw new NoKindMatch(`no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`);
  }

  /**
   * The resource of an argument: plural, singular, short name or kind, perhaps with `.group` or `.version.group`.
   * Throws with upstream's text when there is none.
   */
  forArgument(argument: string): Resource {
    const found = this.find(argument.toLowerCase()) ?? this.#findKind(argument);
    if (found) return found;
    const dot = argument.indexOf('.');
    throw new CommandFailure(
      `the server doesn't have a resource type ${JSON.stringify(dot < 0 ? argument : argument.slice(0, dot))}`,
    );
  }

  /** As `forArgument` for resource names only; undefined when there is none. */
  find(argument: string): Resource | undefined {
    const [name = '', ...rest] = argument.split('.');
    if (rest.length >= 2) {
      const exact = this.#named(name, (each) => each.version === rest[0] && each.group === rest.slice(1).join('.'));
      if (exact) return exact;
    }
    if (rest.length === 0) return this.#named(name, () => true);
    const group = rest.join('.');
    return (
      this.#named(name, (each) => each.group === group) ??
      this.#named(name, (each) => each.group.startsWith(`${group}.`))
    );
  }

  /** The members of a category (`all`), in the server's order; undefined when no resource names it. */
  category(name: string): Resource[] | undefined {
    const seen = new Set<string>();
    const members = this.discovered.resources.filter((each) => {
      const key = `${each.name}.${each.group}`;
      if (!each.categories.includes(name) || seen.has(key)) return false;
      seen.add(key);
      return true;
    });
    return members.length > 0 ? members : undefined;
  }

  /** The resources of the preferred version of each group. */
  preferred(): Resource[] {
    const seen = new Set<string>();
    return this.discovered.resources.filter((each) => {
      const key = `${each.group}/${each.name}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
  }

  #named(name: string, among: (resource: Resource) => boolean): Resource | undefined {
    const candidates = this.discovered.resources.filter(among);
    return (
      candidates.find((each) => each.name === name) ??
      candidates.find((each) => each.singular === name) ??
      candidates.find((each) => each.shortNames.includes(name))
    );
  }

  #findKind(argument: string): Resource | undefined {
    const [kind, ...rest] = argument.split('.');
    const candidates = this.discovered.resources.filter((each) => each.kind === kind);
    if (rest.length === 0) return candidates[0];
    return (
      candidates.find((each) => each.version === rest[0] && each.group === rest.slice(1).join('.')) ??
      candidates.find((each) => each.group === rest.join('.'))
    );
  }
}
