import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from '@coracle/api/version';
import { afterAll, expect, it } from '@jest/globals';
import { imageName } from './images.ts';

const folder = mkdtempSync(join(tmpdir(), 'join-images-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('images are built here, archives of a folder, or in a registry', () => {
  writeFileSync(join(folder, 'kubelet.tar'), '');
  expect(imageName('kubelet', '')).toBe('kubelet');
  expect(imageName('kubelet', folder)).toBe(`oci-archive:${folder}/kubelet.tar`);
  expect(imageName('kubelet', 'registry.example:5000/coracle/')).toBe(
    `registry.example:5000/coracle/kubelet:${version.gitVersion}`,
  );
  expect(imageName('pause', 'registry.example/coracle')).toBe('registry.example/coracle/pause:1');
});

it('what is not there is told', () => {
  expect(() => imageName('overlay', folder)).toThrow(`--images ${folder}: there is no overlay.tar in it`);
  expect(() => imageName('overlay', '/nowhere')).toThrow('--images /nowhere: there is no such folder');
});
