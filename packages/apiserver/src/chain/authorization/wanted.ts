import type { Authorizer } from './authorizer.ts';

/** An authorizer that is to be asked: its type, as --authorization-mode names it, and itself where it is a webhook. */
export interface WantedAuthorizer {
  readonly type: string;
  /** As metrics tell it from others of its type. */
  readonly name: string;
  readonly webhook?: Authorizer;
}

/** The authorizers that are wanted now, in order. */
export interface WantedAuthorizers {
  readonly now: readonly WantedAuthorizer[];
  /** Calls back with what is wanted from then on, when a file has changed. */
  onChange(listener: (wanted: readonly WantedAuthorizer[]) => void): void;
  /** Looks whether the file has changed, and takes it up; this happens by itself every few seconds. */
  reload(): Promise<void>;
  close(): void;
}

/** Authorizers that stay as they are. */
export function unchanging(now: readonly WantedAuthorizer[]): WantedAuthorizers {
  return { now, onChange: () => undefined, reload: async () => undefined, close: () => undefined };
}
