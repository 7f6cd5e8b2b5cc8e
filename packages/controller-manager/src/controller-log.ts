import type { ClientLog } from '@coracle/client/log';

/** Where controllers log: constant messages, what varies in the fields. */
export type ControllerLog = ClientLog;
