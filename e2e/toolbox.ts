import { type BuiltImage, buildImages } from '@coracle/coracle/images/build';
import { filesOf, mergedLinks, programWithLibraries } from '@coracle/coracle/images/debian';
import type { Recipe } from '@coracle/coracle/images/recipes';
import { systemFiles } from '@coracle/coracle/images/system-files';
import type { Tree } from '@coracle/coracle/images/tree';

/** The name of the toolbox in pods: socat, for UDP, which BusyBox's nc does not speak, and a shell. */
export const toolboxImage = 'coracle.local/e2e-toolbox:1';

const recipe: Recipe = {
  name: 'e2e-toolbox',
  references: [toolboxImage],
  packages: ['dash', 'socat'],
  revision: 1,
  about: "For tests: Debian's socat and dash.",
  async build(packages) {
    const all: Tree = new Map((await Promise.all(packages.map(filesOf))).flatMap((it) => [...it]));
    const tools: Tree = new Map(['usr/bin/socat', 'usr/bin/dash'].flatMap((it) => [...programWithLibraries(all, it)]));
    const sh = ['usr/bin/sh', { type: 'symlink', target: 'dash' }] as const;
    return {
      layers: [new Map([...tools, sh, ...mergedLinks(tools), ...systemFiles([])])],
      config: { command: ['sh'], environment: { PATH: '/usr/bin' } },
    };
  },
};

/** Builds the toolbox unless that was done before. */
export async function buildToolbox(): Promise<BuiltImage> {
  const [image] = await buildImages({ recipes: [recipe] });
  return image!;
}
