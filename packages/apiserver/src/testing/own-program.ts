import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { startEtcd, type TestEtcd } from './etcd.ts';
import type { Call } from './http.ts';
import { startProgram, type TestProgram } from './program.ts';

/** An etcd and a kube-apiserver on it, both processes, while the tests of a file run. */
export interface OwnProgram {
  readonly etcd: TestEtcd;
  readonly program: TestProgram;
  /** A folder of its own, which is removed with them. */
  readonly folder: string;
  /** Asks as the administrator. */
  readonly call: Call;
}

/** Starts an etcd and a kube-apiserver on it for the tests of a file, and ends them after those. `flags` may write what they name into the folder. */
export function ownProgram(
  flags: readonly string[] | ((folder: string) => Promise<readonly string[]>) = [],
): OwnProgram {
  let etcd: TestEtcd;
  let program: TestProgram;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coracle-program-'));
    etcd = await startEtcd();
    program = await startProgram(etcd.url, typeof flags === 'function' ? await flags(folder) : flags);
  });
  afterAll(async () => {
    await program?.close();
    await etcd?.close();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    get etcd() {
      return etcd;
    },
    get program() {
      return program;
    },
    get folder() {
      return folder;
    },
    call: (...asked) => program.call(...asked),
  };
}
