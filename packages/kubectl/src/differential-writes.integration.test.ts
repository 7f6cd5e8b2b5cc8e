import { agreeOn } from './testing/agreement.ts';
import { applyCases } from './testing/cases-apply.ts';
import { changeCases } from './testing/cases-change.ts';
import { createCases } from './testing/cases-create.ts';

agreeOn([...createCases, ...applyCases, ...changeCases]);
