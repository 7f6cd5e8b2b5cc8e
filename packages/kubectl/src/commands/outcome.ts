import type { Call } from '../cli/command.ts';
import { type Printer, prepareTemplates, printerOf } from '../print/printer.ts';
import { type AnyObject, objectName, type Resource } from '../resources/resource.ts';
import { type DryRun, dryRunSuffix } from './shared-flags.ts';

/** Tells what was done to an object: `deployment.apps/web created`, or the object in the format of -o. */
export interface Outcome {
  /** The printer of -o; undefined where the message is shown. */
  readonly printer: Printer | undefined;
  tell(resource: Pick<Resource, 'kind' | 'group'>, object: AnyObject, operation: string): void;
}

export async function outcome(
  call: Call,
  dryRun: DryRun = 'none',
  options: { keepOrder?: boolean } = {},
): Promise<Outcome> {
  await prepareTemplates(call.flags);
  const printer = printerOf(call.flags, options);
  return {
    printer,
    tell(resource, object, operation) {
      call.terminal.stdout.write(
        printer
          ? printer.print(object)
          : `${objectName(shapeOf(object, resource), object.metadata?.name ?? '')} ${operation}${dryRunSuffix(dryRun)}\n`,
      );
    },
  };
}

/** The kind a message names: the object's own where it says so, as subresources are of other kinds than their resource. */
function shapeOf(
  { apiVersion, kind }: AnyObject,
  resource: Pick<Resource, 'kind' | 'group'>,
): Pick<Resource, 'kind' | 'group'> {
  if (!kind || !apiVersion) return resource;
  return { kind, group: apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '' };
}
