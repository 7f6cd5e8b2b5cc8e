/** What one probe found. Unknown results neither count for nor against a container. */
export interface ProbeOutcome {
  result: 'success' | 'warning' | 'failure' | 'unknown';
  output: string;
}

export const success = (output = ''): ProbeOutcome => ({ result: 'success', output });
export const failure = (output: string): ProbeOutcome => ({ result: 'failure', output });
export const unknown = (output: string): ProbeOutcome => ({ result: 'unknown', output });
