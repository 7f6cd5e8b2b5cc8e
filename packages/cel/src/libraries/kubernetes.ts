import { type Library, mergeLibraries } from '../functions/overload.ts';
import { standard } from '../functions/standard.ts';
import { authorizer } from './authorizer.ts';
import { lists } from './lists.ts';
import { regex } from './regex.ts';
import { sets } from './sets.ts';
import { strings } from './strings.ts';

/** All functions of expressions in Kubernetes v1.36, those of the language included. */
export const kubernetesFunctions: Library = mergeLibraries(standard, authorizer, lists, strings, regex, sets);
