import { protobufType } from '@coracle/api/codec/protobuf';
import { notAcceptable } from '@coracle/api/meta/status';

/** A media type this server writes. */
export type Media = 'application/json' | 'application/yaml' | typeof protobufType;

export type FormVersion = 'v1' | 'v1beta1';

/** In which form an answer goes out. */
export interface Form {
  media: Media;
  /** Whole objects, the Table form, or metadata only: of an object, or of a list. */
  as: 'object' | 'table' | 'metadata' | 'metadataList';
  /** The version of `meta.k8s.io` that tables and metadata are of. */
  version: FormVersion;
  /** Indented, for human eyes. */
  pretty: boolean;
}

/** What is read and written of custom resources. */
export const textTypes: readonly Media[] = ['application/json', 'application/yaml'];
/** What is read and written of built-in kinds. */
export const mediaTypes: readonly Media[] = [...textTypes, protobufType];

/** What an endpoint can answer. */
export interface Offer {
  /** The answer is a stream of events. */
  watch?: boolean;
  /** The answer is of a resource's objects, which tables and metadata can stand for. */
  objects?: boolean;
  /** It is one object, or a list of them; their metadata have forms of their own. */
  of?: 'object' | 'list';
  /** Whole objects have no protobuf form: they are custom resources. */
  custom?: boolean;
}

/** A clause of an Accept header. */
export interface MediaClause {
  type: string;
  parameters: Map<string, string>;
  quality: number;
}

/** Reads `type/subtype;a=b;q=0.5, …`; best first, then the more specific, then in the header's order. */
export function parseAccept(header: string): MediaClause[] {
  const clauses: MediaClause[] = [];
  for (const part of header.split(',')) {
    const [type = '', ...rest] = part.split(';').map((each) => each.trim());
    if (type === '') continue;
    const parameters = new Map<string, string>();
    for (const parameter of rest) {
      const equals = parameter.indexOf('=');
      if (equals > 0)
        parameters.set(parameter.slice(0, equals).toLowerCase(), parameter.slice(equals + 1).replace(/^"|"$/g, ''));
    }
    const quality = Number(parameters.get('q') ?? '1');
    parameters.delete('q');
    clauses.push({ type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 1 : quality });
  }
  return clauses
    .filter((clause) => clause.quality > 0)
    .sort((a, b) => b.quality - a.quality || wildcards(a.type) - wildcards(b.type));
}

const wildcards = (type: string): number => (type.startsWith('*') ? 2 : type.endsWith('/*') ? 1 : 0);

/**
 * The form a request wants; throws NotAcceptable where it accepts none that the endpoint can answer. Metadata of a list where the answer is one object, or
 * the other way round, are what it wants only where it accepts nothing else.
 */
export function negotiate(accept: string | undefined, offer: Offer = {}): Form {
  const clauses = parseAccept(accept ?? '');
  if (clauses.length === 0) return { media: 'application/json', as: 'object', version: 'v1', pretty: false };
  const unfit = { object: 'metadataList', list: 'metadata' }[offer.of ?? 'object'];
  let other: Form | undefined;
  for (const { type, parameters } of clauses) {
    for (const media of mediaTypes) {
      const form = matches(type, media) && formOf(media, parameters, offer);
      if (form && (offer.of === undefined || form.as !== unfit)) return form;
      if (form) other ??= form;
    }
  }
  if (other) return other;
  // What would do for an object is told what a stream can be, and anything else what there is.
  const once = { ...offer, watch: false };
  const isFit = clauses.some(({ type, parameters }) =>
    mediaTypes.some((media) => matches(type, media) && formOf(media, parameters, once)),
  );
  throw notAcceptable(
    offer.watch && isFit
      ? mediaTypes.filter((media) => media !== 'application/yaml').map((media) => `${media};stream=watch`)
      : mediaTypes,
  );
}

function matches(type: string, media: Media): boolean {
  return (
    type === media || type === '*/*' || type === '*' || (type.endsWith('/*') && media.startsWith(type.slice(0, -1)))
  );
}

function formOf(media: Media, parameters: Map<string, string>, offer: Offer): Form | undefined {
  const as = transformOf(parameters);
  if (as === undefined || (as !== 'object' && !offer.objects)) return undefined;
  const stream = parameters.get('stream');
  if (stream !== undefined && !(offer.objects && stream === 'watch')) return undefined;
  // Streams are framed by lines or by length; YAML has no frames.
  if (media === 'application/yaml' && offer.watch) return undefined;
  if (media === protobufType && (as === 'table' || (as === 'object' && offer.custom))) return undefined;
  return {
    media,
    as,
    version: parameters.get('v') === 'v1beta1' ? 'v1beta1' : 'v1',
    pretty: parameters.get('pretty') === '1',
  };
}

function transformOf(parameters: Map<string, string>): Form['as'] | undefined {
  const as = parameters.get('as');
  if (as === undefined) return 'object';
  const version = parameters.get('v') ?? '';
  if ((parameters.get('g') ?? '') !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined;
  if (as === 'Table') return 'table';
  if (as === 'PartialObjectMetadataList') return 'metadataList';
  return as === 'PartialObjectMetadata' ? 'metadata' : undefined;
}
