import { describe, expect, it } from '@jest/globals';
import type { ServiceSettings } from '../node/settings.ts';
import { changesOf, type Present } from './reconfigure.ts';

const service = (name: string, version = 'v1'): ServiceSettings => ({
  name,
  command: [`/bin/${name}`, '--flag=1'],
  after: [],
  folders: [],
  stopRank: 1,
  version,
});

const present = (parts: Partial<Present>): Present => ({
  installed: ['kubelet', 'overlay'],
  asWished: () => true,
  version: () => 'v1',
  ...parts,
});

/** Without the path of the program and the settings. */
const shown = (commands: readonly (readonly string[])[]) =>
  commands.map((it) =>
    it
      .filter((word, at) => word !== '--set' && it[at - 1] !== '--set')
      .slice(1)
      .join(' '),
  );

describe('a node that runs, and is to be otherwise', () => {
  const all = [service('containerd'), service('kubelet'), service('overlay')];

  it('is left alone when nothing differs', () => {
    expect(changesOf(present({}), all)).toEqual([]);
  });

  it('gets what is new first, and loses what is not named last', () => {
    const wanted = [...all.slice(0, 2), service('load-balancer')];
    const asWished = ({ name }: ServiceSettings) => name !== 'kubelet';
    expect(shown(changesOf(present({ asWished }), wanted))).toEqual([
      'system install load-balancer',
      'system configure kubelet',
      'system uninstall overlay',
    ]);
  });

  it('has what reads other files now started again', () => {
    const wanted = [service('containerd', 'v2'), service('kubelet', 'v2'), service('overlay')];
    expect(shown(changesOf(present({}), wanted))).toEqual(['restart containerd.service', 'restart kubelet.service']);
  });

  it('is told the settings of what it gets', () => {
    const [command] = changesOf(present({}), [...all, service('load-balancer')]);
    expect(command).toContain('AFTER=network-online.target');
  });
});
