import { CommandFailure } from '../cli/failure.ts';
import type { Terminal } from '../cli/terminal.ts';
import type { AnyObject } from '../resources/resource.ts';
import { parseDocuments } from './documents.ts';
import { expandSources } from './sources.ts';
import { checkManifest, type FieldValidation } from './validation.ts';

/** An object a manifest declares, or why a part of the input could not be read. */
export type Manifest =
  | { readonly source: string; readonly object: AnyObject; readonly inList: boolean }
  | { readonly source: string; readonly error: unknown };

/**
 * Reads all manifests of `-f`, lists flattened, in order. `validation` undefined skips the checks (commands that do not send
 * the objects). What cannot be read comes as an error in its place; the rest still follows.
 */
export async function readManifests(
  filenames: readonly string[],
  recursive: boolean,
  terminal: Terminal,
  validation: FieldValidation | undefined,
): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  for (const source of expandSources(filenames, recursive, terminal)) {
    let text: string;
    try {
      text = await source.read();
    } catch (error) {
      manifests.push({ source: source.name, error });
      continue;
    }
    for (const document of parseDocuments(source.name, text)) {
      if ('error' in document) {
        manifests.push({ source: source.name, error: document.error });
        continue;
      }
      try {
        const value = checkManifest(document.value, source.name, validation);
        const objects = flattened(value, source.name);
        const inList = objects[0] !== value && Array.isArray((value as { items?: unknown }).items);
        for (const object of objects) manifests.push({ source: source.name, object, inList });
      } catch (error) {
        manifests.push({ source: source.name, error });
      }
    }
  }
  return manifests;
}

/** The object itself, or the items of a list, which take their kind from it where they do not say it. */
function flattened(value: unknown, source: string): AnyObject[] {
  const object = value as AnyObject & { items?: unknown };
  if (typeof object !== 'object' || object === null || typeof object.kind !== 'string' || object.kind === '') {
    throw new CommandFailure(
      `unable to decode ${JSON.stringify(source)}: Object 'Kind' is missing in '${JSON.stringify(value)}'`,
    );
  }
  if (typeof object.apiVersion !== 'string' || object.apiVersion === '') {
    throw new CommandFailure(
      `unable to decode ${JSON.stringify(source)}: Object 'apiVersion' is missing in '${JSON.stringify(value)}'`,
    );
  }
  checkStrings(object, source);
  if (!object.kind.endsWith('List') || !Array.isArray(object.items)) return [withMetadata(object)];
  const kind = object.kind.slice(0, -'List'.length);
  return object.items.flatMap((item: AnyObject) =>
    flattened(item?.kind || kind === '' ? item : { ...item, apiVersion: object.apiVersion, kind }, source),
  );
}

/** Code may count on `metadata`; what it must hold is for the server to say. */
function withMetadata(object: AnyObject): AnyObject {
  return typeof object.metadata === 'object' && object.metadata !== null ? object : { ...object, metadata: {} };
}

/** Labels and annotations are read here too, so their values must be text: `yes` without quotes is not. */
function checkStrings(object: AnyObject, source: string): void {
  for (const field of ['labels', 'annotations'] as const) {
    for (const value of Object.values(object.metadata?.[field] ?? {})) {
      if (typeof value === 'string') continue;
      const found =
        value === null
          ? undefined
          : Array.isArray(value)
            ? 'array'
            : typeof value === 'boolean'
              ? 'bool'
              : typeof value;
      if (found) {
        throw new CommandFailure(
          `unable to decode ${JSON.stringify(source)}: json: cannot unmarshal ${found} into Go struct field ObjectMeta.metadata.${field} of type string`,
        );
      }
    }
  }
}
