import { parseSelector, type Requirement } from '@coracle/api/meta/labels';
import { messageOf } from '@coracle/api/meta/message-of';
import type { LabelSelector, LabelSelectorRequirement } from '@coracle/api/types/meta/v1';
import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { stringFlag } from '../../cli/flags.ts';
import type { AnyObject } from '../../resources/resource.ts';
import { createGenerated, generatorFlags, manifestNamespace, nameArgument } from './generator.ts';

export const podDisruptionBudget: Command = {
  name: 'poddisruptionbudget',
  aliases: ['pdb'],
  short: 'Create a pod disruption budget',
  usage: 'create poddisruptionbudget NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none]',
  flags: [
    ...generatorFlags,
    stringFlag('max-unavailable', '', 'How many of the pods, or what share of them, may be unavailable'),
    stringFlag('min-available', '', 'How many of the pods, or what share of them, must be available'),
    stringFlag('selector', '', 'Labels of the pods'),
  ],
  run: create,
};

async function create(call: Call): Promise<void> {
  const { flags } = call;
  const name = nameArgument(call);
  const selector = flags.string('selector');
  const minAvailable = flags.string('min-available');
  const maxUnavailable = flags.string('max-unavailable');
  if (selector === '') throw new CommandFailure('a selector must be specified');
  if (maxUnavailable === '' && minAvailable === '')
    throw new CommandFailure('one of min-available or max-unavailable must be specified');
  if (maxUnavailable !== '' && minAvailable !== '')
    throw new CommandFailure('min-available and max-unavailable cannot be both specified');
  const manifest = {
    kind: 'PodDisruptionBudget',
    apiVersion: 'policy/v1',
    metadata: { name, ...manifestNamespace(call), creationTimestamp: null },
    spec: {
      ...amount('minAvailable', 'min-available', minAvailable),
      selector: selectorOf(selector),
      ...amount('maxUnavailable', 'max-unavailable', maxUnavailable),
    },
    status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
  } as unknown as AnyObject;
  const failure = 'failed to create poddisruptionbudgets:';
  await createGenerated(call, manifest, { group: 'policy', namespaced: true, failure });
}

/** A number or a percentage, as a field of the spec. */
function amount(field: string, flag: string, text: string): Record<string, number | string> {
  if (text === '') return {};
  if (!/^[0-9]+%?$/.test(text)) throw new CommandFailure(`invalid format specified for ${flag}`);
  const number = Number(text);
  return { [field]: Number.isInteger(number) && number < 2 ** 31 ? number : text };
}

const operators: Readonly<Record<string, LabelSelectorRequirement['operator']>> = {
  in: 'In',
  notin: 'NotIn',
  exists: 'Exists',
  '!': 'DoesNotExist',
};

/** The selector in object form that a selector in text form stands for. */
function selectorOf(text: string): LabelSelector {
  let requirements: readonly Requirement[];
  try {
    ({ requirements } = parseSelector(text));
  } catch (error) {
    throw new CommandFailure(`couldn't parse the selector string "${text}": ${messageOf(error)}`);
  }
  const matchLabels: Record<string, string> = {};
  const matchExpressions: LabelSelectorRequirement[] = [];
  for (const { key, operator, values } of requirements) {
    if (operator === '=' || operator === '==') matchLabels[key] = values[0]!;
    else if (operator === 'gt' || operator === 'lt')
      throw new CommandFailure(`${JSON.stringify(operator)} isn't supported in label selectors`);
    else if (!operators[operator])
      throw new CommandFailure(`${JSON.stringify(operator)} is not a valid label selector operator`);
    else
      matchExpressions.push({
        key,
        operator: operators[operator],
        ...(values.length > 0 ? { values: [...values] } : {}),
      });
  }
  return {
    ...(Object.keys(matchLabels).length > 0 ? { matchLabels } : {}),
    ...(matchExpressions.length > 0 ? { matchExpressions } : {}),
  };
}
