import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { componentConfig } from './config.ts';

describe('componentConfig', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'config-'));
    file = join(folder, 'kubeconfig');
    writeFileSync(
      file,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'c', cluster: { server: 'https://of.the.file:6443' } }],
        users: [{ name: 'u', user: { token: 'secret' } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
    );
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('goes where the file says', () => {
    expect(componentConfig(file, '')).toMatchObject({ server: 'https://of.the.file:6443', token: 'secret' });
  });

  it('takes the address of --master before that of the file, and keeps its credentials', () => {
    expect(componentConfig(file, 'https://other')).toMatchObject({ server: 'https://other', token: 'secret' });
  });

  it('needs no file with --master', () => {
    expect(componentConfig('', 'http://localhost:8080')).toEqual({ server: 'http://localhost:8080' });
  });
});
