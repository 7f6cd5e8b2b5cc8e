import { notAcceptable } from '@coracle/api/meta/status';

/** In which form an answer goes out. */
export interface Form {
  media: 'application/json' | 'application/yaml';
  /** Whole objects, the Table form, or metadata only. */
  as: 'object' | 'table' | 'metadata';
}

/** What this server writes and reads. */
export const mediaTypes = ['application/json', 'application/yaml'] as const;

const json: Form = { media: 'application/json', as: 'object' };

/** A clause of an Accept header. */
export interface MediaClause {
  type: string;
  parameters: Map<string, string>;
  quality: number;
}

/** Reads `type/subtype;a=b;q=0.5, …`; best first, in the header's order where equal. */
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
  return clauses.filter((clause) => clause.quality > 0).sort((a, b) => b.quality - a.quality);
}

/** The form a request for objects wants; throws NotAcceptable where it accepts none that we write. Watches are JSON only. */
export function negotiate(accept: string | undefined, watch: boolean): Form {
  if (!accept) return json;
  const clauses = parseAccept(accept);
  if (clauses.length === 0) return json;
  for (const { type, parameters } of clauses) {
    const media = mediaOf(type, watch);
    const as = media && transformOf(parameters);
    if (media && as) return { media, as };
  }
  throw notAcceptable(watch ? ['application/json'] : mediaTypes);
}

function mediaOf(type: string, watch: boolean): Form['media'] | undefined {
  if (type === '*/*' || type === 'application/*' || type === 'application/json') return 'application/json';
  if (type === 'application/yaml' && !watch) return 'application/yaml';
  return undefined;
}

function transformOf(parameters: Map<string, string>): Form['as'] | undefined {
  const as = parameters.get('as');
  if (as === undefined) return 'object';
  if ((parameters.get('g') ?? '') !== 'meta.k8s.io' || parameters.get('v') !== 'v1') return undefined;
  if (as === 'Table') return 'table';
  return as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList' ? 'metadata' : undefined;
}
