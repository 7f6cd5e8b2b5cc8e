import { messageOf } from '@coracle/api/meta/message-of';
import { StatusError } from '@coracle/api/meta/status';
import { CommandFailure, RawFailure } from '../cli/failure.ts';
import type { Terminal } from '../cli/terminal.ts';
import { readManifests } from '../manifests/read.ts';
import type { FieldValidation } from '../manifests/validation.ts';
import type { Session } from '../session.ts';
import { matchesLabels } from './label-match.ts';
import { NoKindMatch } from './mapper.ts';
import { type AnyObject, pathOf, type Resource } from './resource.ts';

/** What a command line selects. */
export interface Selection {
  readonly args?: readonly string[];
  readonly filenames?: readonly string[];
  readonly recursive?: boolean;
  /** Label selector; empty for none. */
  readonly selector?: string;
  readonly fieldSelector?: string;
  /** --all: every object of the types named. */
  readonly all?: boolean;
  /** A type alone selects all its objects (get, describe). */
  readonly typeAlone?: boolean;
  readonly allNamespaces?: boolean;
  readonly chunkSize?: number;
  readonly validation?: FieldValidation;
  /** Whether objects named (by argument or in files) are fetched; without it their `object` is what the file says, or unset. */
  readonly fetch?: boolean;
  /** Accept header of reads; answers that are not the objects themselves (tables) come one per request. */
  readonly accept?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly subresource?: string;
}

/** One object (or with a Table accept header, one answer) that a selection names. */
export interface Info {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  /** The file it came from; empty for arguments. */
  readonly source: string;
  object?: AnyObject;
}

export interface Selected {
  readonly infos: Info[];
  readonly errors: unknown[];
  /** Both, in the order they came: for commands that go on from one to the next. */
  readonly entries: readonly ({ readonly info: Info } | { readonly error: unknown })[];
  /** One object was asked for by name, so that it is shown by itself and not in a list. */
  readonly single: boolean;
}

/** Gathers what is found and what fails, in order. */
class Found {
  readonly #entries: ({ info: Info } | { error: unknown })[] = [];

  add(info: Info): void {
    this.#entries.push({ info });
  }

  fail(error: unknown): void {
    this.#entries.push({ error });
  }

  selected(single: boolean): Selected {
    const entries = this.#entries;
    return {
      entries,
      infos: entries.flatMap((entry) => ('info' in entry ? [entry.info] : [])),
      errors: entries.flatMap((entry) => ('error' in entry ? [entry.error] : [])),
      single,
    };
  }
}

/** Finds the objects a command line selects. Wrong uses throw; objects that cannot be read are collected in `errors`. */
export async function select(session: Session, terminal: Terminal, selection: Selection): Promise<Selected> {
  const args = eachTypeWithEachName(selection.args ?? []);
  const filenames = selection.filenames ?? [];
  const selecting = Boolean(selection.selector || selection.fieldSelector || selection.all);
  if (filenames.length > 0) {
    if (args.length > 0) {
      throw new CommandFailure(
        typeNamePairs(args)
          ? 'resource/name arguments cannot be provided when a path is specified'
          : 'when paths, URLs, or stdin is provided as input, you may not specify a resource by arguments as well',
      );
    }
    return fromFiles(session, terminal, selection);
  }
  const tuples = typeNamePairs(args);
  if (tuples) {
    if (selecting)
      throw new CommandFailure('selectors and the all flag cannot be used when passing resource/name arguments');
    return byTuples(session, selection, tuples);
  }
  const [types, ...names] = args;
  if (selecting || (args.length === 1 && selection.typeAlone)) {
    if (names.length > 0) throw new CommandFailure('name cannot be provided when a selector is specified');
    if (types === undefined) throw new CommandFailure('at least one resource must be specified to use a selector');
    return bySelector(session, selection, await resourcesOf(session, types));
  }
  if (types === undefined) throw new EmptySelection();
  const resources = await resourcesOf(session, types);
  if (names.length === 0) throw new CommandFailure('resource(s) were provided, but no name was specified');
  if (resources.length > 1) throw new CommandFailure('you must specify only one resource');
  return byTuples(
    session,
    selection,
    names.map((name) => ({ type: types, name })),
    resources[0],
  );
}

/** Nothing was named at all. */
export class EmptySelection extends CommandFailure {
  constructor() {
    super(
      [
        'You must provide one or more resources by argument or filename.',
        'Example resource specifications include:',
        "   '-f rsrc.yaml'",
        "   '--filename=rsrc.json'",
        "   '<resource> <name>'",
        "   '<resource>'",
      ].join('\n'),
    );
  }
}

/** `pods,services a b` means `pods/a pods/b services/a services/b`. */
function eachTypeWithEachName(args: readonly string[]): readonly string[] {
  const [types = '', ...names] = args;
  if (names.length === 0 || !types.includes(',') || types.includes('/')) return args;
  return types
    .split(',')
    .filter(Boolean)
    .flatMap((type) => names.map((name) => `${type}/${name}`));
}

interface Tuple {
  readonly type: string;
  readonly name: string;
}

/** The pairs of a command line in TYPE/NAME form; undefined when it is not in that form. */
export function typeNamePairs(args: readonly string[]): Tuple[] | undefined {
  const slashed = args.filter((arg) => arg.includes('/'));
  if (slashed.length === 0) return undefined;
  if (slashed.length !== args.length) {
    throw new CommandFailure(
      "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
    );
  }
  return args.map((arg) => {
    const parts = arg.split('/');
    if (parts.length !== 2)
      throw new CommandFailure('arguments in resource/name form may not have more than one slash');
    if (parts[0] === '' || parts[1] === '') {
      throw new CommandFailure('arguments in resource/name form must have a single resource and name');
    }
    return { type: parts[0]!, name: parts[1]! };
  });
}

/** The resources of a comma-separated list of types and categories, each once. */
export async function resourcesOf(session: Session, types: string): Promise<Resource[]> {
  const mapper = await session.mapper();
  const found = types
    .split(',')
    .filter((type) => type !== '')
    .flatMap((type) => mapper.category(type) ?? [mapper.forArgument(type)]);
  return [...new Set(found)];
}

async function byTuples(
  session: Session,
  selection: Selection,
  tuples: readonly Tuple[],
  resource?: Resource,
): Promise<Selected> {
  const mapper = await session.mapper();
  const { namespace } = session.namespace();
  const found = new Found();
  const resources = tuples.map((tuple) => {
    if (resource) return resource;
    if (tuple.type.includes(',')) throw new CommandFailure('you must specify only one resource');
    return mapper.forArgument(tuple.type);
  });
  if (selection.allNamespaces && resources.some((each) => each.namespaced)) {
    throw new CommandFailure('a resource cannot be retrieved by name across all namespaces');
  }
  for (const [i, { name }] of tuples.entries()) {
    const info: Info = {
      resource: resources[i]!,
      namespace: resources[i]!.namespaced ? namespace : '',
      name,
      source: '',
    };
    try {
      if (selection.fetch) info.object = await fetchObject(session, info, selection);
      found.add(info);
    } catch (error) {
      found.fail(error);
    }
  }
  return found.selected(tuples.length === 1);
}

async function bySelector(session: Session, selection: Selection, resources: readonly Resource[]): Promise<Selected> {
  const found = new Found();
  const namespace = selection.allNamespaces ? '' : session.namespace().namespace;
  for (const resource of resources) {
    try {
      for await (const answer of listChunks(session, resource, namespace, selection))
        for (const info of infosOf(answer, resource)) found.add(info);
    } catch (error) {
      found.fail(unlisted(error, resource, selection));
    }
  }
  return found.selected(false);
}

/** The server's error about a list, with what was asked for. */
function unlisted(
  error: unknown,
  { group, version, name }: Resource,
  { selector = '', fieldSelector = '' }: Selection,
): unknown {
  if (!(error instanceof StatusError) || !['BadRequest', 'NotFound'].includes(error.reason)) return error;
  const what = JSON.stringify(`${group}/${version}, Resource=${name}`);
  const wanted =
    selector === '' && fieldSelector === ''
      ? `Unable to list ${what}`
      : `Unable to find ${what} that match label selector ${JSON.stringify(selector)}, field selector ${JSON.stringify(fieldSelector)}`;
  return new StatusError({ ...error.status, message: `${wanted}: ${error.message}` });
}

export interface ListAnswer {
  apiVersion: string;
  kind: string;
  metadata?: { resourceVersion?: string; continue?: string };
  items?: AnyObject[] | null;
}

/** Lists a resource in chunks; yields each answer as it is. */
export async function* listChunks(
  session: Session,
  resource: Resource,
  namespace: string,
  selection: Selection,
): AsyncIterable<ListAnswer> {
  let next: string | undefined;
  do {
    const answer = await session.rest.json<ListAnswer>('GET', pathOf(resource, namespace), {
      ...(selection.accept ? { accept: selection.accept } : {}),
      query: {
        ...selection.query,
        labelSelector: selection.selector,
        fieldSelector: selection.fieldSelector,
        limit: selection.chunkSize || undefined,
        continue: next,
      },
    });
    yield answer;
    next = answer.metadata?.continue || undefined;
  } while (next);
}

/** The objects of a list answer; a Table (or anything that is no list) is one info by itself. */
function infosOf(answer: ListAnswer, resource: Resource): Info[] {
  if (answer.kind === 'Table' || !answer.kind.endsWith('List')) {
    return [{ resource, namespace: '', name: '', source: '', object: answer as unknown as AnyObject }];
  }
  return (answer.items ?? []).map((item) => {
    const object = {
      ...item,
      apiVersion: item.apiVersion || answer.apiVersion,
      kind: item.kind || answer.kind.slice(0, -4),
    };
    return { resource, namespace: item.metadata.namespace ?? '', name: item.metadata.name ?? '', source: '', object };
  });
}

/** Reads one object. Throws where it has no name. */
export async function fetchObject(session: Session, info: Info, selection: Selection = {}): Promise<AnyObject> {
  if (info.name === '') throw new CommandFailure('resource name may not be empty');
  return session.rest.json<AnyObject>('GET', pathOf(info.resource, info.namespace, info.name, selection.subresource), {
    ...(selection.accept ? { accept: selection.accept } : {}),
    query: selection.query,
  });
}

async function fromFiles(session: Session, terminal: Terminal, selection: Selection): Promise<Selected> {
  const manifests = await readManifests(
    selection.filenames!,
    selection.recursive ?? false,
    terminal,
    selection.validation,
  );
  const found = new Found();
  for (const manifest of manifests) {
    try {
      if ('error' in manifest) throw manifest.error;
      const info = await manifestInfo(session, manifest.object, manifest.source, manifest.inList);
      if (selection.selector && !matchesLabels(selection.selector, manifest.object.metadata.labels)) continue;
      if (selection.fetch) info.object = await fetchObject(session, info, selection);
      found.add(info);
    } catch (error) {
      found.fail(error);
    }
  }
  return found.selected(manifests.length === 1);
}

/** Maps a manifest's object to its resource and puts it into the namespace it belongs to. */
export async function manifestInfo(session: Session, object: AnyObject, source: string, inList = false): Promise<Info> {
  const mapper = await session.mapper();
  const { namespace, explicit } = session.namespace();
  let resource: Resource;
  try {
    resource = mapper.forKind(object.apiVersion, object.kind);
  } catch (error) {
    if (!(error instanceof NoKindMatch)) throw error;
    if (inList) throw new RawFailure(`unable to recognize ${messageOf(error)}`);
    const { name = '', namespace: own = '' } = object.metadata;
    throw new CommandFailure(
      `resource mapping not found for name: ${JSON.stringify(name)} namespace: ${JSON.stringify(own)} from ${JSON.stringify(source)}: ${messageOf(error)}\nensure CRDs are installed first`,
    );
  }
  const name = object.metadata.name ?? '';
  if (!resource.namespaced) {
    const { namespace: _, ...metadata } = object.metadata;
    return {
      resource,
      namespace: '',
      name,
      source,
      object: object.metadata.namespace ? { ...object, metadata } : object,
    };
  }
  const own = object.metadata.namespace;
  if (explicit && own && own !== namespace) {
    throw new CommandFailure(
      `the namespace from the provided object ${JSON.stringify(own)} does not match the namespace ${JSON.stringify(namespace)}. You must pass '--namespace=${own}' to perform this operation.`,
    );
  }
  if (own) return { resource, namespace: own, name, source, object };
  return { resource, namespace, name, source, object: { ...object, metadata: { ...object.metadata, namespace } } };
}
