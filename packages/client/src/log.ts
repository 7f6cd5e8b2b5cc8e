/** Where this package tells of what it retries: a pino logger fits. */
export interface ClientLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const line =
  (level: string) =>
  (fields: object, message: string): void => {
    const shown = Object.entries(fields).map(
      ([name, value]) => `${name}=${value instanceof Error ? JSON.stringify(value.message) : JSON.stringify(value)}`,
    );
    process.stderr.write(`${level} ${message} ${shown.join(' ')}\n`);
  };

/** Warnings and errors to stderr, for programs that bring no logger. */
export const stderrLog: ClientLog = { debug: () => {}, info: () => {}, warn: line('W'), error: line('E') };
