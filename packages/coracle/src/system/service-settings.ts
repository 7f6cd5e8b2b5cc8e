import type { Probe, ServiceSettings } from '../node/settings.ts';
import type { Values } from './templates.ts';

/** How a component is installed as a system container of its image. */
export interface SystemSettings {
  name: string;
  /** For `--set`; what is not here has the image's default. */
  settings: Values;
  /** What belongs into the file that ARGS_FILE names (by default `/etc/coracle/<name>/args`). */
  args: string;
}

/**
 * The settings by which a system container runs as a service of a node does: the same arguments, memory options, order and probe. Its user,
 * capabilities and folders are its image's. Throws RangeError for an argument that cannot stand on a line of its own.
 */
export function systemSettings(service: ServiceSettings): SystemSettings {
  const { name, command, env = {}, after, probe } = service;
  const args = command.slice(1);
  const unfit = args.find((it) => it === '' || it !== it.trim() || it.startsWith('#') || it.includes('\n'));
  if (unfit !== undefined)
    throw new RangeError(`${name}: the argument ${JSON.stringify(unfit)} cannot stand in a file`);
  const options = env['CORACLE_NODE_OPTIONS'];
  return {
    name,
    settings: {
      AFTER: ['network-online.target', ...after.map((it) => `${it}.service`)].join(' '),
      ...(options === undefined ? {} : { NODE_OPTIONS: options }),
      ...healthOf(probe),
    },
    args: args.map((it) => `${it}\n`).join(''),
  };
}

function healthOf(probe: Probe | undefined): Values {
  if (!probe) return { HEALTH: '' };
  if ('unix' in probe) return { HEALTH: `unix://${probe.unix}` };
  if ('tcp' in probe) return { HEALTH: `tcp://${probe.tcp.host}:${probe.tcp.port}` };
  return { HEALTH: probe.https.url, HEALTH_AUTHORITY: probe.https.authority };
}
