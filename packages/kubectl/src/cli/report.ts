import { messageOf } from '@coracle/api/meta/message-of';
import { StatusError } from '@coracle/api/meta/status';
import { ConnectionFailure } from '../rest/connection-failure.ts';
import { CommandFailure, ConfigurationFailure, ExitFailure, Failures, RawFailure } from './failure.ts';

/** What stderr and the exit code say about an error that ended a command. */
export interface Report {
  readonly text: string;
  readonly exitCode: number;
}

/** The words for an error, as upstream's kubectl puts them. */
export function report(error: unknown): Report {
  if (error instanceof RawFailure) return { text: lines(error.message), exitCode: error.exitCode };
  if (error instanceof ExitFailure) return { text: lines(error.message), exitCode: error.exitCode };
  if (error instanceof ConfigurationFailure)
    return { text: lines(`Error in configuration: ${error.message}`), exitCode: 1 };
  if (error instanceof StatusError && error.reason === 'Invalid')
    return { text: lines(invalidObject(error)), exitCode: 1 };
  if (error instanceof Failures) {
    return { text: error.errors.map((each) => lines(standardMessage(each) ?? messageOf(each))).join(''), exitCode: 1 };
  }
  const standard = standardMessage(error);
  if (standard !== undefined) return { text: lines(standard), exitCode: 1 };
  const message = messageOf(error);
  const text = lines(message.startsWith('error: ') ? message : `error: ${message}`);
  if (error instanceof CommandFailure) return { text, exitCode: error.exitCode };
  return { text, exitCode: 1 };
}

/** The text for an answer of the server or a failed connection; undefined for any other error. */
export function standardMessage(error: unknown): string | undefined {
  if (error instanceof StatusError) {
    if (error.reason === 'Unauthorized') return `error: You must be logged in to the server (${error.message})`;
    if (error.reason) return `Error from server (${error.reason}): ${error.message}`;
    return `Error from server: ${error.message}`;
  }
  if (error instanceof ConnectionFailure) {
    if (error.refused)
      return `The connection to the server ${error.host} was refused - did you specify the right host or port?`;
    return `Unable to connect to the server: ${error.message}`;
  }
  return undefined;
}

/** `The Deployment "web" is invalid: …`, with a bullet for each cause when there are several. */
function invalidObject(error: StatusError): string {
  const { details, message } = error.status;
  if (!details) return 'The request is invalid';
  const causes = details.causes ?? [];
  let head = 'The request is invalid';
  if (details.kind || details.name) head = `The ${details.kind ?? ''} ${JSON.stringify(details.name ?? '')} is invalid`;
  else if (message && causes.length === 0) head = `The request is invalid: ${message}`;
  if (causes.length === 0) return head;
  const texts = [...new Set(causes.map((cause) => `${cause.field ?? ''}: ${cause.message ?? ''}`))];
  if (texts.length === 1) return `${head}: ${texts[0]}`;
  return [`${head}: `, ...texts.map((text) => `* ${text}`)].join('\n');
}

/** `text` with a newline at its end, unless it is empty or has one. */
const lines = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
