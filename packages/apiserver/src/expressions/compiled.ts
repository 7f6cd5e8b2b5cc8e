import { CompileError, compile, type Environment, type Expression } from '@coracle/cel';

/** An expression: compiled, or why it could not be. */
export type Compiled = { readonly source: string } & (
  | { readonly expression: Expression; readonly failure?: undefined }
  | { readonly failure: string; readonly expression?: undefined }
);

/** Compiles an expression whose result is to be of one of some types; any will do where none is named. */
export function compileIn(environment: Environment, source: string, wanted?: Parameters<typeof compile>[2]): Compiled {
  try {
    return { source, expression: compile(source, environment, wanted) };
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    // That a result is of another type is no fault of the text.
    return { source, failure: error.issues.length === 0 ? error.message : `compilation failed: ${error.message}` };
  }
}
