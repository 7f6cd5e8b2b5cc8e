/** What something that was thrown says: the message of an Error, any other value as text. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
