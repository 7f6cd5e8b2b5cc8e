import type { Subresource, SubresourceCall, SubresourceTable } from '../registry/strategy.ts';
import { authorityOf } from '../streaming/ask-upgrade.ts';
import type { KubeletClient } from '../streaming/kubelet.ts';
import type { Locate } from './targets.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** `proxy` of pods, services and nodes: requests with any method, and upgrades, go on to the target and its answers come back. */
export function proxySubresources(kubelets: KubeletClient): SubresourceTable {
  return {
    'pods/proxy': proxyTo('PodProxyOptions', async () => (await import('./targets.ts')).locatePod),
    'services/proxy': proxyTo('ServiceProxyOptions', async () => (await import('./targets.ts')).locateService),
    'nodes/proxy': proxyTo('NodeProxyOptions', async () => (await import('./targets.ts')).locateNode(kubelets)),
  };
}

function proxyTo(kind: string, locator: () => Promise<Locate>): Subresource {
  return {
    methods,
    body: { group: '', version: 'v1', kind },
    longRunning: true,
    connects: true,
    async handle(call) {
      const { objects, namespace, name, request } = call;
      const { path: asked, prefix } = pathsOf(call);
      const { path = '' } = await call.connect({ path: asked });
      const place = await (await locator())(objects, namespace, name);
      const mark = request.req.url!.indexOf('?');
      const query = mark < 0 ? '' : request.req.url!.slice(mark);
      if (path === '' && ['GET', 'HEAD'].includes(request.req.method ?? '') && !request.upgrade) {
        // Links of the page are relative to a folder.
        request.res.writeHead(301, { Location: `${request.info.path}/${query}` });
        request.res.end();
        return;
      }
      const [{ forward }, { clientLocation }] = await Promise.all([import('./forward.ts'), import('./location.ts')]);
      const origin = `${place.secure ? 'https' : 'http'}://${authorityOf(place)}`;
      await forward(request, {
        ...place,
        path: `${path === '' ? '/' : path}${query}`,
        headers: ['X-Forwarded-Uri', `${prefix}${path}`, 'X-Forwarded-Host', '', 'X-Forwarded-Proto', ''],
        location: (location) => clientLocation(location, origin, prefix),
      });
    },
  };
}

/** The path on the target (empty where the request names none), and the path that stands for its root. */
function pathsOf({ request, rest }: SubresourceCall): { path: string; prefix: string } {
  const full = request.info.path;
  const end = full.length - rest.length;
  const prefix = full.slice(0, end).replace(/\/$/, '');
  if (rest !== '') return { path: `/${rest}`, prefix };
  const asked = encodeURI(request.query.get('path') ?? '').replace(/[?#]/g, encodeURIComponent);
  if (asked !== '') return { path: asked.startsWith('/') ? asked : `/${asked}`, prefix };
  return { path: full.endsWith('/') ? '/' : '', prefix };
}
