import type { FlowSchema } from '../../generated/flowcontrol/v1.ts';
import { catchAllName, exemptName } from './mandatory-levels.ts';
import { everything, groups, schemaOf } from './schema-rules.ts';

const everybody = groups('system:unauthenticated', 'system:authenticated');

/** The schemas of these names can only be so. */
export const mandatorySchemas: readonly FlowSchema[] = [
  schemaOf(exemptName, exemptName, 1, undefined, { subjects: groups('system:masters'), ...everything }),
  schemaOf(catchAllName, catchAllName, 10_000, 'ByUser', { subjects: everybody, ...everything }),
];
