import { boolFlag, FlagError } from '@coracle/process/flags';
import { command } from '../cli/command.ts';
import { Progress } from '../cli/progress.ts';
import { table } from '../cli/table.ts';
import { buildImages, builtImage } from '../images/build.ts';
import { programRecipes } from '../images/programs.ts';
import { recipes as standIns } from '../images/recipes.ts';

const recipes = [...standIns, ...programRecipes];

export default command({
  name: 'image',
  about: 'build and list images: of Coracle itself, and those set-up brings into nodes',
  arguments: { usage: 'build|list [IMAGE …]', least: 1, most: 100 },
  description: `coracle image list            shows the images Coracle builds, and what each was built from
coracle image build [IMAGE …] builds them as OCI archives, from Debian packages; those that are there only with --force

The images of Coracle's own programs hold a bundle of the program, the pinned Node.js and the libraries these need.
The nginx and busybox images are stand-ins: they have the names of Docker Hub's, and run as those do, on Debian's programs.`,
  examples: ['coracle image list', 'coracle image build kubelet', 'coracle image build nginx --force'],
  flags: { force: boolFlag({ help: 'build anew what is there already' }) },
  async run({ flags, args: [action, ...names] }) {
    const unknown = names.find((name) => !recipes.some((it) => it.name === name));
    if (unknown) {
      throw new FlagError(
        `there is no image ${JSON.stringify(unknown)} to build; there is ${recipes.map((it) => it.name).join(', ')}`,
      );
    }
    const chosen = recipes.filter((it) => names.length === 0 || names.includes(it.name));
    if (action === 'list') {
      const rows = chosen.map((it) => {
        const built = builtImage(it);
        return [
          it.name,
          it.references.join(', '),
          built ? `${(built.size / 1e6).toFixed(1)} MB` : 'not built',
          it.about,
        ];
      });
      process.stdout.write(table([['IMAGE', 'NAMES IN A NODE', 'SIZE', 'WHAT IT IS'], ...rows]));
      return 0;
    }
    if (action !== 'build')
      throw new FlagError(`unknown command ${JSON.stringify(action)} for "coracle image"; there is build and list`);
    const built = await new Progress().step('images', () => buildImages({ recipes: chosen, anew: flags.force }));
    for (const it of built) process.stdout.write(`${it.archive}  ${it.digest}\n  ${it.recipe.about}\n`);
    return 0;
  },
});
