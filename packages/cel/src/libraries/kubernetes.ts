import { type Library, mergeLibraries } from '../functions/overload.ts';
import { standard } from '../functions/standard.ts';
import { authorizer } from './authorizer.ts';
import { cidr } from './cidr.ts';
import { ip } from './ip.ts';
import { listTransforms } from './list-transforms.ts';
import { lists } from './lists.ts';
import { namedFormat } from './named-format.ts';
import { quantity } from './quantity.ts';
import { regex } from './regex.ts';
import { semver } from './semver.ts';
import { sets } from './sets.ts';
import { strings } from './strings.ts';
import { url } from './url.ts';

/** All functions of expressions in Kubernetes v1.36, those of the language included. */
export const kubernetesFunctions: Library = mergeLibraries(
  standard,
  authorizer,
  cidr,
  ip,
  lists,
  listTransforms,
  namedFormat,
  quantity,
  regex,
  semver,
  sets,
  strings,
  url,
);
