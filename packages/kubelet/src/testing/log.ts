import type { Log } from '@coracle/process';

export interface LoggedLine {
  level: string;
  message: string;
  details: Record<string, unknown>;
}

/** A log that keeps what it is told. */
export function recordingLog(): { log: Log; lines: readonly LoggedLine[]; messages(): string[] } {
  const lines: LoggedLine[] = [];
  const at = (level: string) => (details: Record<string, unknown>, message: string) =>
    void lines.push({ level, message, details });
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as unknown as Log;
  return { log, lines, messages: () => lines.map((each) => each.message) };
}
