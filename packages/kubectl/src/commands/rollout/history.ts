import { clone } from '@coracle/api/meta/object';
import type { ReplicaSet } from '@coracle/api/types/apps/v1';
import type { PodTemplateSpec } from '@coracle/api/types/core/v1';
import type { Command } from '../../cli/command.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { intFlag } from '../../cli/flags.ts';
import { Description } from '../../describe/description.ts';
import { describePodTemplate } from '../../describe/pod-template.ts';
import { outputFlags, prepareTemplates, printerOf } from '../../print/printer.ts';
import { describeColumns, TabWriter } from '../../print/tabwriter.ts';
import { type AnyObject, objectName } from '../../resources/resource.ts';
import { requireDeployment, revisionsOf } from './revisions.ts';
import { allTargets, targetFlags } from './targets.ts';

const changeCause = 'kubernetes.io/change-cause';

export const history: Command = {
  name: 'history',
  short: 'List the revisions of a rollout',
  usage: 'rollout history (TYPE NAME | TYPE/NAME) [flags]',
  flags: [...outputFlags, ...targetFlags, intFlag('revision', 0, 'Show the pod template of this revision')],
  async run(call) {
    const { flags, session, terminal } = call;
    const revision = flags.int('revision');
    if (revision < 0) throw new CommandFailure(`revision must be a positive integer: ${revision}`);
    await prepareTemplates(flags);
    const printer = printerOf(flags);
    for (const info of await allTargets(call)) {
      const object = info.object!;
      requireDeployment(object, 'history');
      const revisions = await revisionsOf(session, object);
      if (printer) {
        const shown = revision === 0 ? [...revisions.keys()].sort((a, b) => a - b) : [revision];
        for (const each of shown) terminal.stdout.write(printer.print(found(revisions, each)));
        continue;
      }
      const text =
        revision === 0 || revisions.size === 0 ? listed(revisions) : templateText(found(revisions, revision));
      terminal.stdout.write(
        `${objectName(info.resource, info.name)} ${revision === 0 ? '' : `with revision #${revision}`}\n${text}\n`,
      );
    }
  },
};

function found(revisions: ReadonlyMap<number, ReplicaSet>, revision: number): AnyObject {
  const set = revisions.get(revision);
  if (!set) throw new CommandFailure('unable to find the specified revision');
  return { ...set, apiVersion: 'apps/v1', kind: 'ReplicaSet' } as unknown as AnyObject;
}

function listed(revisions: ReadonlyMap<number, ReplicaSet>): string {
  if (revisions.size === 0) return 'No rollout history found.';
  let text = '';
  const writer = new TabWriter((chunk) => {
    text += chunk;
  }, describeColumns);
  writer.write('REVISION\tCHANGE-CAUSE\n');
  for (const [revision, set] of [...revisions].sort(([a], [b]) => a - b)) {
    writer.write(`${revision}\t${set.metadata.annotations?.[changeCause] || '<none>'}\n`);
  }
  writer.flush();
  return text;
}

/** The template as descriptions show it, with the change cause among its annotations; not aligned, as upstream leaves it. */
function templateText(set: AnyObject): string {
  const template = clone((set as unknown as ReplicaSet).spec.template) as PodTemplateSpec;
  const cause = set.metadata.annotations?.[changeCause];
  if (cause) {
    template.metadata = {
      ...template.metadata,
      annotations: { ...template.metadata?.annotations, [changeCause]: cause },
    };
  }
  const description = new Description();
  describePodTemplate(description, template);
  return description.raw();
}
