import type { Call } from '../cli/command.ts';
import { prepareTemplates, printerOf, type Printer } from '../print/printer.ts';
import { type AnyObject, objectName, type Resource } from '../resources/resource.ts';
import { type DryRun, dryRunSuffix } from './shared-flags.ts';

/** Tells what was done to an object: `deployment.apps/web created`, or the object in the format of -o. */
export interface Outcome {
  /** The printer of -o; undefined where the message is shown. */
  readonly printer: Printer | undefined;
  tell(resource: Pick<Resource, 'kind' | 'group'>, object: AnyObject, operation: string): void;
}

export async function outcome(call: Call, dryRun: DryRun = 'none', options: { keepOrder?: boolean } = {}): Promise<Outcome> {
  await prepareTemplates(call.flags);
  const printer = printerOf(call.flags, options);
  return {
    printer,
    tell(resource, object, operation) {
      call.terminal.stdout.write(
        printer ? printer.print(object) : `${objectName(resource, object.metadata.name ?? '')} ${operation}${dryRunSuffix(dryRun)}\n`,
      );
    },
  };
}
