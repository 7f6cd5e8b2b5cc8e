import type { Command } from '../cli/command.ts';
import { CommandFailure, UsageFailure } from '../cli/failure.ts';
import { boolFlag, stringFlag, stringSliceFlag } from '../cli/flags.ts';
import { TabWriter, tableColumns } from '../print/tabwriter.ts';
import { qualified, type Resource } from '../resources/resource.ts';

export const command: Command = {
  name: 'api-resources',
  short: 'List the resources the server has',
  usage: 'api-resources [flags]',
  flags: [
    stringFlag('api-group', '', 'Only resources of this group'),
    boolFlag('cached', false, 'Accepted; discovery is not cached between calls'),
    stringSliceFlag('categories', [], 'Only resources in all these categories'),
    boolFlag('namespaced', true, 'Only resources that live in namespaces, or with =false only the others'),
    boolFlag('no-headers', false, 'Print no header line'),
    stringFlag('output', '', 'wide or name', { short: 'o' }),
    stringFlag('sort-by', '', 'name or kind'),
    stringSliceFlag('verbs', [], 'Only resources with all these verbs'),
  ],
  async run({ args, flags, path, session, terminal }) {
    if (args.length > 0) throw new UsageFailure(path, `unexpected arguments: [${args.join(' ')}]`);
    const output = flags.string('output');
    if (!['', 'wide', 'name'].includes(output)) throw new CommandFailure(`--output ${output} is not available`);
    const sorting = flags.string('sort-by');
    if (!['', 'name', 'kind'].includes(sorting)) throw new CommandFailure('--sort-by accepts only name or kind');
    const mapper = await session.mapper();
    const shown = mapper
      .preferred()
      .filter((each) => each.verbs.length > 0)
      .filter((each) => !flags.changed('namespaced') || each.namespaced === flags.bool('namespaced'))
      .filter((each) => !flags.changed('api-group') || each.group === flags.string('api-group'))
      .filter((each) => flags.strings('verbs').every((verb) => each.verbs.includes(verb)))
      .filter((each) => flags.strings('categories').every((category) => each.categories.includes(category)));
    const byText = (key: (each: Resource) => string) => (a: Resource, b: Resource) =>
      key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;
    if (sorting === 'name') shown.sort(byText((each) => each.name));
    else if (sorting === 'kind') shown.sort(byText((each) => each.kind));
    else shown.sort((a, b) => byText((each) => each.group)(a, b) || byText((each) => each.name)(a, b));
    const writer = new TabWriter((text) => terminal.stdout.write(text), tableColumns);
    if (!flags.bool('no-headers') && output !== 'name') {
      const names = [
        'NAME',
        'SHORTNAMES',
        'APIVERSION',
        'NAMESPACED',
        'KIND',
        ...(output === 'wide' ? ['VERBS', 'CATEGORIES'] : []),
      ];
      writer.write(`${names.join('\t')}\n`);
    }
    for (const each of shown) {
      if (output === 'name') {
        writer.write(`${qualified(each)}\n`);
        continue;
      }
      const cells = [each.name, each.shortNames.join(','), each.apiVersion, String(each.namespaced), each.kind];
      if (output === 'wide') cells.push(each.verbs.join(','), each.categories.join(','));
      writer.write(`${cells.join('\t')}\n`);
    }
    writer.flush();
    const { failed } = mapper.discovered;
    if (failed.length > 0) {
      throw new CommandFailure(
        `unable to retrieve the complete list of server APIs: ${failed.map(({ groupVersion, error }) => `${groupVersion}: ${(error as Error).message}`).join(', ')}`,
      );
    }
  },
};
