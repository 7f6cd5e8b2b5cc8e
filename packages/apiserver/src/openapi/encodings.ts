import { decodeJson } from '@coracle/api/codec/json';
import { parseAccept } from '../endpoints/negotiation.ts';
import type { Json } from './schemas.ts';
import type { Prepared } from './service.ts';
import { openApiV2Protobuf, openApiV2ProtobufNames } from './v2-protobuf.ts';
import { encodeOpenApiV3, openApiV3Protobuf, openApiV3ProtobufNames } from './v3-protobuf.ts';

/** How a document of OpenAPI can be sent: JSON, or the protobuf of gnostic-models in its version. */
export interface Encodings {
  /** The media type of its protobuf. */
  readonly protobuf: string;
  /** How clients name that. */
  readonly names: readonly string[];
}

export const v2Encodings: Encodings = { protobuf: openApiV2Protobuf, names: openApiV2ProtobufNames };
export const v3Encodings: Encodings = { protobuf: openApiV3Protobuf, names: openApiV3ProtobufNames };

/** The media type an Accept header asks for; undefined where it wants none of the two. */
export function acceptedEncoding(accept: string | undefined, { protobuf, names }: Encodings): string | undefined {
  for (const { type } of parseAccept(accept || '*/*')) {
    if (type === 'application/json' || type === 'application/*' || type === '*/*') return 'application/json';
    if (names.includes(type)) return protobuf;
  }
  return undefined;
}

const binary = new WeakMap<Prepared, Buffer>();

/** The protobuf of a v3 document that is ready as JSON; made when it is first asked for. */
export function v3Protobuf(document: Prepared): Buffer {
  const known = binary.get(document);
  if (known) return known;
  const made = encodeOpenApiV3(decodeJson(document.body).value as Json);
  binary.set(document, made);
  return made;
}
