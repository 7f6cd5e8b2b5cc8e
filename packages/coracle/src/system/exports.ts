import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { fail } from '../failure.ts';
import { within } from './scoped-path.ts';

const manifest = z.strictObject({
  version: z.literal('1.0'),
  /** Settings and their defaults; `--set` knows these names alone. */
  defaultValues: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'is no name of a setting'), z.string()).default({}),
  /** Folders of data, which stay when the container is uninstalled. */
  dataFolders: z.array(z.string()).default([]),
  /** How it is found out that the container does its work; see health.ts for the checks. */
  health: z
    .strictObject({
      check: z.string(),
      authority: z.string().default(''),
      timeoutSeconds: z.number().positive().default(60),
    })
    .optional(),
});

/** What an image says of how it is to be installed: the files of its folder /exports. */
export interface Exports {
  manifest: z.infer<typeof manifest>;
  config: string;
  service: string;
  tmpfiles: string | undefined;
}

/** Folders an Atomic Host would also look at, with files to copy onto the machine. */
const notSupported = ['hostfs'];

/** Reads the templates in the root of a checked-out image. Throws Failure when they are not there, or ask for what is not supported. */
export function readExports(rootfs: string, image: string): Exports {
  const file = (name: string): string => within(rootfs, ['exports', name]);
  const required = (name: string): string => {
    if (!existsSync(file(name))) fail(`${image} is no system container: it has no /exports/${name}`);
    return readFileSync(file(name), 'utf8');
  };
  const config = required('config.json.template');
  const service = required('service.template');
  const found = readdirSync(within(rootfs, ['exports', '.']));
  const unsupported = found.filter((it) => notSupported.includes(it));
  if (unsupported.length > 0) fail(`${image} has /exports/${unsupported.join(', /exports/')}, which is not supported`);
  return {
    manifest: readManifest(found.includes('manifest.json') ? required('manifest.json') : '{"version": "1.0"}', image),
    config,
    service,
    tmpfiles: found.includes('tmpfiles.template') ? required('tmpfiles.template') : undefined,
  };
}

function readManifest(text: string, image: string): Exports['manifest'] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(`/exports/manifest.json of ${image} is no JSON: ${(error as Error).message}`, { cause: error });
  }
  const parsed = manifest.safeParse(value);
  return parsed.success
    ? parsed.data
    : fail(`/exports/manifest.json of ${image} is not supported: ${z.prettifyError(parsed.error)}`);
}
