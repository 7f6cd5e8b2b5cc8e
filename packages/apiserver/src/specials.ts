import type { FlagValues } from '@coracle/process/flags';
import type { TokenAuthenticator } from './chain/authentication/authenticator.ts';
import type { Authorizer } from './chain/authorization/authorizer.ts';
import type { RbacIndex } from './chain/authorization/rbac/index.ts';
import type { apiServerFlags } from './flags.ts';
import type { Page } from './pages.ts';
import type { ObjectAccess } from './registry/access.ts';
import { namespaceFinalize, namespaceHooks } from './registry/namespaces.ts';
import { ServiceAllocation } from './registry/services/hooks.ts';
import type { HookTable, SubresourceTable } from './registry/strategy.ts';

type Flags = FlagValues<typeof apiServerFlags.flags>;

/** What specials need of the server, known only once it is put together. */
export interface Surroundings {
  objects: ObjectAccess;
  authorizer: Authorizer;
  /** Roles and bindings, where RBAC is on. */
  rbac: RbacIndex | undefined;
  tokens: TokenAuthenticator;
}

/** Everything that is special about resources beyond their kinds' declarations: the one table of it. */
export interface Specials {
  hooks: HookTable;
  subresources: SubresourceTable;
  pages: Readonly<Record<string, Page>>;
  /** Called once, before the server listens. */
  attach(surroundings: Surroundings): void;
}

export function specialsOf(flags: Flags): Specials {
  const services = new ServiceAllocation({
    clusterIpRanges: flags['service-cluster-ip-range'].split(','),
    nodePortRange: flags['service-node-port-range'],
  });
  return {
    hooks: {
      namespaces: namespaceHooks,
      services: services.hooks,
    },
    subresources: {
      'namespaces/finalize': namespaceFinalize,
    },
    pages: {},
    attach({ objects }) {
      services.follow(objects);
    },
  };
}
