import { readFileSync } from 'node:fs';
import { goText } from '@coracle/api/codec/go-text';
import { JsonPath, relaxed } from '@coracle/api/jsonpath/jsonpath';
import { CommandFailure } from '../cli/failure.ts';
import { TabWriter, tableColumns } from './tabwriter.ts';

interface CustomColumn {
  readonly header: string;
  readonly path: JsonPath;
}

/** `-o custom-columns=NAME:.metadata.name,…`: prints the header once, then a line for each object. */
export class CustomColumnsPrinter {
  readonly #columns: CustomColumn[];
  readonly #noHeaders: boolean;
  #printed = false;

  constructor(columns: CustomColumn[], noHeaders: boolean) {
    this.#columns = columns;
    this.#noHeaders = noHeaders;
  }

  print(objects: readonly unknown[]): string {
    let text = '';
    const out = new TabWriter((chunk) => {
      text += chunk;
    }, tableColumns);
    if (!this.#printed && !this.#noHeaders) out.write(`${this.#columns.map((column) => column.header).join('\t')}\n`);
    this.#printed = true;
    for (const object of objects) out.write(`${this.#columns.map((column) => cell(column.path, object)).join('\t')}\n`);
    out.flush();
    return text;
  }
}

function cell(path: JsonPath, object: unknown): string {
  const results = path.find(object)[0] ?? [];
  if (results.length === 0) return '<none>';
  return results.map(goText).join(',');
}

/** Parses `HEADER:path,HEADER:path`. */
export function customColumns(spec: string): CustomColumn[] {
  if (spec === '') throw new CommandFailure('custom-columns format specified but no custom columns given');
  return spec.split(',').map((part) => {
    const colon = part.indexOf(':');
    if (colon < 0 || part.indexOf(':', colon + 1) >= 0) {
      throw new CommandFailure(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`);
    }
    return { header: part.slice(0, colon), path: columnPath(part.slice(colon + 1)) };
  });
}

/** Reads a template file: a line of headers and a line of paths below them. */
export function customColumnsFile(file: string): CustomColumn[] {
  const [headers, paths] = readFileSync(file, 'utf8').split('\n');
  const names = headers?.trim().split(/\s+/) ?? [];
  const specs = paths?.trim().split(/\s+/) ?? [];
  if (names[0] === '' || names.length !== specs.length) {
    throw new CommandFailure(
      `number of headers (${names.length}) and field specifications (${specs.length}) don't match`,
    );
  }
  return names.map((header, i) => ({ header, path: columnPath(specs[i]!) }));
}

const columnPath = (spec: string): JsonPath => new JsonPath(relaxed(spec), { allowMissing: true });
