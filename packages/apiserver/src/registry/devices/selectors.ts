import { type FieldError, forbidden, invalid } from '@coracle/api/meta/field-path';
import { longestExpression } from '@coracle/api/resource/v1/device-selector';
import { deviceEnvironment } from '@coracle/cel/schema/device';
import { compileIn } from '../../expressions/compiled.ts';
import { tooManyExpressions, Volume } from '../../expressions/volume.ts';
import type { PlacedSelectors } from './hooks.ts';

/** What a selector may cost at most, by the greatest device there can be. */
const costLimit = 1_000_000n;

/** Errors of what selectors of devices say; those that are too long are the kind's to refuse. */
export function expressionErrors(placed: PlacedSelectors): FieldError[] {
  const volume = new Volume();
  let isTold = false;
  return placed.flatMap(([selectors, at]) =>
    selectors.flatMap(({ cel }, i) => {
      if (!cel) return [];
      const { expression = '' } = cel;
      if (Buffer.byteLength(expression) > longestExpression) return [];
      if (isTold) return [];
      const path = at.index(i).child('cel').child('expression');
      if (volume.isExceededBy(expression)) {
        isTold = true;
        return [tooManyExpressions(path)];
      }
      const compiled = compileIn(deviceEnvironment, expression);
      if (compiled.failure !== undefined) return [invalid(path, expression, compiled.failure)];
      const { is } = compiled.expression.result;
      if (is !== 'bool' && is !== 'dyn')
        return [invalid(path, expression, 'must evaluate to bool or the unknown type')];
      return compiled.expression.cost().max > costLimit ? [forbidden(path, 'too complex, exceeds cost limit')] : [];
    }),
  );
}
