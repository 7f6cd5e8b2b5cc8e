import { parseSelector } from '@coracle/api/meta/labels';

/** Whether labels match a selector in text form. */
export const matchesLabels = (selector: string, labels: Record<string, string> | undefined): boolean =>
  parseSelector(selector).matches(labels);
