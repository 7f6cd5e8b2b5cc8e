import { text } from '../../columns.ts';
import type { ComponentCondition, ComponentStatus } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';

const healthy = (it: ComponentStatus): ComponentCondition | undefined =>
  it.conditions?.find(({ type }) => type === 'Healthy');

/** How the parts of the control plane beside this server are. Found out when it is asked for, never stored; deprecated since v1.19. */
export const componentStatus = defineKind<ComponentStatus>('core/v1', {
  kind: 'ComponentStatus',
  plural: 'componentstatuses',
  shortNames: ['cs'],
  namespaced: false,
  verbs: ['get', 'list'],
  isComputed: true,
  hasGeneration: false,
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  columns: [
    text('Status', (it) => (healthy(it)?.status === 'True' ? 'Healthy' : 'Unhealthy'), 'Whether it is healthy.'),
    text('Message', (it) => healthy(it)?.message ?? '', 'What it says of its health.'),
    text('Error', (it) => healthy(it)?.error ?? '', 'Why it could not be asked.'),
  ],
});
