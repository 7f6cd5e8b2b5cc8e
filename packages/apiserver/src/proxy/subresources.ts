import { posix } from 'node:path';
import type { Subresource, SubresourceCall, SubresourceTable } from '../registry/strategy.ts';
import { authorityOf } from '../streaming/ask-upgrade.ts';
import type { KubeletClient } from '../streaming/kubelet.ts';
import type { Locate } from './targets.ts';
import { decodedPath, escapedPath } from './url-forms.ts';

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
      const { req } = request;
      const { path: admitted = '' } = await call.connect({ path: asked(call) });
      const place = await (await locator())(objects, namespace, name);
      const path = admitted === '' ? '' : posix.join('/', admitted);
      const mark = req.url!.indexOf('?');
      const query = mark < 0 ? '' : req.url!.slice(mark);
      if (path === '' && ['GET', 'HEAD'].includes(req.method ?? '') && !request.upgrade) {
        // Links of the page are relative to a folder.
        request.res.writeHead(301, { Location: `${request.info.path}/${query}`, 'Content-Length': '0' });
        request.res.end();
        return;
      }
      const [{ forward }, { clientLocation }] = await Promise.all([import('./forward.ts'), import('./location.ts')]);
      const target = authorityOf(place);
      const host = String(req.headers[':authority'] ?? req.headers.host ?? '');
      const prefix = prefixOf(decodedPath(request.info.path), path);
      await forward(request, {
        ...place,
        path: `${escapedPath(path === '' ? '/' : path)}${escapedQuery(query)}`,
        ...(host === '' ? {} : { authority: host }),
        ways: ['X-Forwarded-Uri', posix.join(prefix, escapedPath(path === '' ? '/' : path))],
        location: (location) => clientLocation(location, { prefix, target, asked: host, origin: '' }),
      });
    },
  };
}

/** The path on the target, of what follows the subresource; empty where nothing does, not even a slash. */
function asked({ request, rest }: SubresourceCall): string {
  if (rest !== '') return `/${decodedPath(rest)}`;
  return request.info.path.endsWith('/') ? '/' : '';
}

/** The path that stands for the target's root: the client's without what is asked for there. */
const prefixOf = (full: string, path: string): string =>
  full.endsWith(path) ? full.slice(0, full.length - path.length) : full;

/** HTTP/2 lets pass what no path of HTTP/1.1 may have. */
const escapedQuery = (query: string): string => query.replace(/[^\u0021-\u00ff]/g, encodeURIComponent);
