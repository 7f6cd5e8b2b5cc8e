import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '../failure.ts';
import { ownCapabilities } from '../host/capabilities.ts';
import type { Exports } from './exports.ts';
import { deploymentOf, type Slot, type SystemPlace } from './place.ts';
import { resolveValues, substitute, substituteJson, type Values } from './templates.ts';

/** How the container of an image is to be run, once its settings are known. */
export interface Rendered {
  /** For runc. */
  config: string;
  unit: string;
  tmpfiles: string;
  dataFolders: string[];
  health: { check: string; authority: string; timeoutSeconds: number } | undefined;
}

export interface RenderInput {
  place: SystemPlace;
  name: string;
  slot: Slot;
  image: { reference: string; digest: string };
  exports: Exports;
  /** Those that were set; the others have the image's defaults. */
  settings: Values;
}

/** systemd finds it in its own search path. */
const runc = 'runc';

/** runc's configuration, as far as it is looked at here; the rest is runc's to judge. */
const configShape = z.looseObject({
  ociVersion: z.string(),
  process: z.looseObject({ args: z.array(z.string()).min(1) }),
  root: z.looseObject({ path: z.string() }),
});

/**
 * Fills the templates in. Beside its settings an image may use NAME, DESTDIR (the deployment's folder), EXEC_START and EXEC_STOP (runc's command
 * lines), IMAGE_NAME, IMAGE_ID, the folders CONF_DIRECTORY, RUN_DIRECTORY and STATE_DIRECTORY, and CAPABILITIES (JSON: all this process has).
 * An argument `@FILE` of the process stands for the lines of that file. Throws Failure.
 */
export function render(input: RenderInput): Rendered {
  const { place, name, slot, image, exports } = input;
  const destination = deploymentOf(place, name, slot);
  const where = (file: string): string => `/exports/${file} of ${image.reference}`;
  const builtin: Values = {
    NAME: name,
    DESTDIR: destination,
    EXEC_START: `${runc} run --bundle ${destination} ${name}`,
    EXEC_STOP: `${runc} kill ${name} TERM`,
    IMAGE_NAME: image.reference,
    IMAGE_ID: image.digest,
    CONF_DIRECTORY: '/etc',
    RUN_DIRECTORY: '/run',
    STATE_DIRECTORY: '/var/lib',
    CAPABILITIES: JSON.stringify(ownCapabilities()),
  };
  const values = resolveValues(
    exports.manifest.defaultValues,
    { ...input.settings, ...builtin },
    where('manifest.json'),
  );
  const fill = (text: string): string => substitute(text, values, where('manifest.json'));
  const { health, dataFolders } = exports.manifest;
  return {
    config: renderConfig(
      substituteJson(exports.config, values, where('config.json.template')),
      place,
      where('config.json.template'),
    ),
    unit: substitute(exports.service, values, where('service.template')),
    tmpfiles: substitute(exports.tmpfiles ?? '', values, where('tmpfiles.template')),
    dataFolders: dataFolders.map(fill),
    health: health && { ...health, check: fill(health.check), authority: fill(health.authority) },
  };
}

function renderConfig(value: unknown, { root }: SystemPlace, where: string): string {
  const parsed = configShape.safeParse(value);
  if (!parsed.success) return fail(`${where} is no configuration of runc: ${z.prettifyError(parsed.error)}`);
  const config = parsed.data;
  if (config.root.path !== 'rootfs') fail(`${where}: the path of its root is to be "rootfs"`);
  config.process.args = config.process.args.flatMap((it) => (it.startsWith('@') ? linesOf(root, it.slice(1)) : [it]));
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** Arguments in a file, one a line; without those that are empty or begin with `#`. */
function linesOf(root: string, file: string): string[] {
  if (file === '') return [];
  const path = join(root, file);
  if (!existsSync(path)) {
    fail(`there is no ${path}, which is to hold the arguments of the program, one a line`, {
      next: "Write it, or say --set ARGS_FILE='' to run the program without any.",
    });
  }
  return readFileSync(path, 'utf8')
    .split('\n')
    .map((it) => it.trim())
    .filter((it) => it !== '' && !it.startsWith('#'));
}
