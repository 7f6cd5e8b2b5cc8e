import { flushCompileCache } from 'node:module';
import { version } from '@coracle/api/version';
import { flagTexts } from './flag-text.ts';
import {
  boolFlag,
  defineFlags,
  type Flag,
  FlagError,
  type FlagSet,
  type FlagValues,
  intFlag,
  stringFlag,
} from './flags.ts';
import { keepIdleMemorySmall } from './idle-memory.ts';
import { type Log, logger, setVerbosity } from './log.ts';
import { processRegistry, type Registry } from './metrics.ts';
import { groupedUsages } from './usage.ts';

/** What a program's story starts with. */
export interface ProgramContext<F> {
  flags: FlagValues<F>;
  /** The values of all flags as text, by name. */
  texts: Readonly<Record<string, string>>;
  /** The flags that stood on the command line. */
  changed: ReadonlySet<string>;
  /** Arguments that are no flags. */
  args: readonly string[];
  log: Log;
  /** Aborted by SIGTERM and SIGINT: end what runs, in order, and return. */
  signal: AbortSignal;
  metrics: Registry;
}

export interface ProgramOptions {
  /** The paragraph above the flags in `--help`. */
  description?: string;
  argv?: readonly string[];
  /** Whether arguments that are no flags are allowed; upstream's daemons take none. */
  arguments?: boolean;
}

/** The user asked for something that cannot be done; shown without a stack. */
export class UsageError extends Error {
  override name = 'UsageError';
}

const globalFlags = {
  help: boolFlag({ shorthand: 'h', help: 'Show this help.', group: 'global' }),
  version: stringFlag({
    bare: 'true',
    type: 'version',
    group: 'global',
    help: 'Show the version and exit; --version=raw shows all of it, as JSON.',
  }),
  v: intFlag({ shorthand: 'v', type: 'Level', group: 'global', help: 'Verbosity of the log; higher tells more.' }),
  'logging-format': stringFlag({
    default: 'json',
    group: 'logs',
    help: 'Format of the log: only "json".',
  }),
};

// biome-ignore lint/suspicious/noExplicitAny: flags of every value type live in one record; FlagValues recovers each type.
type AnyFlags = Readonly<Record<string, Flag<any>>>;

/**
 * Runs a daemon: parses its flags (with --help, --version and -v), sets up log and signals, runs its story and ends the process:
 * exit code 0 after a normal end or a signal, 1 after an error. An error nobody caught is logged and ends the process with 1.
 */
export async function program<F extends AnyFlags>(
  name: string,
  flagSet: FlagSet<F>,
  run: (context: ProgramContext<F>) => Promise<void>,
  options: ProgramOptions = {},
): Promise<never> {
  const all = defineFlags({ ...flagSet.flags, ...globalFlags });
  let parsed: ReturnType<typeof all.parse>;
  try {
    parsed = all.parse(options.argv ?? process.argv.slice(2));
    if (!options.arguments && parsed.args.length > 0 && !parsed.values.help) {
      throw new FlagError(`unknown command ${JSON.stringify(parsed.args[0])} for ${JSON.stringify(name)}`);
    }
    checkGlobal(parsed.values);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    process.stderr.write(`Error: ${error.message}\n`);
    process.exit(1);
  }
  const values = parsed.values as unknown as FlagValues<F> & FlagValues<typeof globalFlags>;
  if (values.help) {
    process.stdout.write(usage(name, options.description, all.flags));
    process.exit(0);
  }
  if (values.version !== '' && values.version !== 'false') {
    process.stdout.write(
      values.version === 'raw' ? `${JSON.stringify(version)}\n` : `Kubernetes ${version.gitVersion}\n`,
    );
    process.exit(0);
  }
  for (const warning of parsed.warnings) process.stderr.write(`${warning}\n`);
  process.title = name;
  // The compile cache is written at exit; a process that is killed instead must not leave its next start without one.
  setTimeout(flushCompileCache, 5_000).unref();
  keepIdleMemorySmall();
  setVerbosity(values.v);
  const log = logger(name);
  const signal = stopSignal(log);
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'Uncaught error');
    process.exit(1);
  });
  try {
    await run({
      flags: values,
      texts: flagTexts(all.flags, values),
      changed: parsed.changed,
      args: parsed.args,
      log,
      signal,
      metrics: processRegistry(),
    });
  } catch (error) {
    if (!(signal.aborted && error === signal.reason)) {
      if (error instanceof UsageError) process.stderr.write(`Error: ${error.message}\n`);
      else log.fatal({ err: error }, 'command failed');
      process.exit(1);
    }
  }
  process.exit(0);
}

function checkGlobal(values: FlagValues<typeof globalFlags>): void {
  if (values['logging-format'] !== 'json') {
    throw new FlagError(`[format: Invalid value: ${JSON.stringify(values['logging-format'])}: Unsupported log format]`);
  }
  if (!['', 'true', 'false', 'raw'].includes(values.version)) {
    throw new FlagError(
      `invalid argument ${JSON.stringify(values.version)} for "--version" flag: the reported version cannot be changed`,
    );
  }
}

function usage(name: string, description: string | undefined, flags: AnyFlags): string {
  const width = process.stdout.columns ?? 0;
  return `${description ? `${description}\n\n` : ''}Usage:\n  ${name} [flags]\n${groupedUsages(flags, width)}`;
}

/** Aborted by the first SIGTERM or SIGINT; the second ends the process at once. */
function stopSignal(log: Log): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(1);
      log.info({ signal: name }, 'Shutting down');
      stop.abort(new Error(`received ${name}`));
    });
  }
  return stop.signal;
}
