import { pauseImage } from '../components/containerd.ts';
import { run } from '../host/run.ts';
import { filesOf, mergedLinks, type Package, programWithLibraries } from './debian.ts';
import type { ImageConfig } from './oci.ts';
import { type Architecture, pauseProgram } from './pause.ts';
import { systemFiles } from './system-files.ts';
import { type Entry, type Tree, text } from './tree.ts';

/** How an image is made. */
export interface Recipe {
  /** What it is called in `coracle image build NAME`. */
  name: string;
  /** The full names it has in a node. */
  references: string[];
  /** The Debian packages that, with all they depend on, are fetched for it. */
  packages: string[];
  /** Raised when the recipe changes, so that older builds are made anew. */
  revision: number;
  /** A digest of what else it is built from; older builds are made anew when it changes. */
  sources?: () => string;
  /** Whether its layers are compressed: for images that travel. */
  compressed?: boolean;
  /** One sentence for people: what this is and what it stands for. */
  about: string;
  build(
    packages: readonly Package[],
    architecture: Architecture,
    temporary: (tree: Tree) => Promise<string>,
  ): Promise<{ layers: Tree[]; config: ImageConfig }>;
}

const standIn = 'io.coracle.stand-in';

const pause: Recipe = {
  name: 'pause',
  references: [pauseImage],
  packages: [],
  revision: 1,
  about: "Coracle's own; holds the namespaces of a pod.",
  async build(_, architecture) {
    const layer: Tree = new Map([['pause', { type: 'file', mode: 0o755, content: pauseProgram(architecture) }]]);
    return { layers: [layer], config: { entrypoint: ['/pause'] } };
  },
};

const busybox: Recipe = {
  name: 'busybox',
  references: ['docker.io/library/busybox:1.36', 'docker.io/library/busybox:latest'],
  packages: ['busybox-static'],
  revision: 1,
  about: "A stand-in for Docker Hub's busybox, built from Debian's busybox-static.",
  async build(packages, _, temporary) {
    return {
      layers: [new Map([...(await busyboxTree(packages, temporary)), ...systemFiles([])])],
      config: {
        command: ['sh'],
        environment: { PATH: path },
        labels: { [standIn]: madeOf(packages, 'busybox-static') },
      },
    };
  },
};

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** An image that runs as Docker Hub's nginx of that version does; what it runs is Debian's nginx, whatever version that is. */
function nginx(name: string, version: string): Recipe {
  return {
    name,
    references: [`docker.io/library/nginx:${version}`],
    packages: ['nginx-light', 'busybox-static'],
    revision: 1,
    about: `A stand-in for Docker Hub's nginx:${version}, built from Debian's nginx-light.`,
    async build(packages, _, temporary) {
      const chosen = packages.filter((it) =>
        /^(nginx|nginx-common|nginx-core|nginx-light|zlib1g|lib.+)$/.test(it.name),
      );
      const all: Tree = new Map((await Promise.all(chosen.map(filesOf))).flatMap((it) => [...it]));
      const program = programWithLibraries(all, 'usr/sbin/nginx');
      const shell = await busyboxTree(packages, temporary);
      const base: Tree = new Map<string, Entry>([
        ...shell,
        ...program,
        ...mergedLinks(new Map([...shell, ...program])),
        ['etc/nginx/mime.types', all.get('etc/nginx/mime.types')!],
        ['var/log/nginx/access.log', { type: 'symlink', target: '/dev/stdout' }],
        ['var/log/nginx/error.log', { type: 'symlink', target: '/dev/stderr' }],
        ['var/cache/nginx', { type: 'directory', mode: 0o755 }],
        ['var/lib/nginx', { type: 'directory', mode: 0o755 }],
        ['run', { type: 'directory', mode: 0o755 }],
        ['var/run', { type: 'symlink', target: '/run' }],
        ['etc/nginx/nginx.conf', text(nginxConfig)],
        ['etc/nginx/conf.d/default.conf', text(nginxSite)],
        ...systemFiles([{ name: 'nginx', id: 101, home: '/nonexistent' }]),
      ]);
      const made = madeOf(packages, 'nginx');
      const pages: Tree = new Map([
        ['usr/share/nginx/html/index.html', text(nginxPage(version, made))],
        [
          'usr/share/nginx/html/50x.html',
          text('<!DOCTYPE html>\n<title>Error</title>\n<h1>The server cannot answer now.</h1>\n'),
        ],
      ]);
      return {
        layers: [base, pages],
        config: {
          command: ['nginx', '-g', 'daemon off;'],
          environment: { PATH: path, NGINX_VERSION: version },
          exposedPorts: ['80/tcp'],
          stopSignal: 'SIGTERM',
          labels: { [standIn]: made },
        },
      };
    },
  };
}

/** All images set-up builds. */
export const recipes: readonly Recipe[] = [pause, nginx('nginx', '1.14.2'), nginx('nginx-1.16', '1.16.1'), busybox];

/** BusyBox with a link for each of its commands. */
async function busyboxTree(packages: readonly Package[], temporary: (tree: Tree) => Promise<string>): Promise<Tree> {
  const found = packages.find((it) => it.name === 'busybox-static');
  if (!found) throw new Error('busybox-static was not fetched');
  const program = (await filesOf(found)).get('usr/bin/busybox');
  if (program?.type !== 'file') throw new Error('busybox-static has no /bin/busybox');
  const folder = await temporary(new Map([['busybox', program]]));
  const commands = (await run([`${folder}/busybox`, '--list']))
    .split('\n')
    .filter((it) => it !== '' && it !== 'busybox');
  const tree: Tree = new Map<string, Entry>([
    ['usr/bin/busybox', program],
    ['usr/sbin', { type: 'directory', mode: 0o755 }],
  ]);
  for (const it of commands) tree.set(`usr/bin/${it}`, { type: 'symlink', target: 'busybox' });
  for (const [place, link] of mergedLinks(new Map<string, Entry>([...tree, ['usr/sbin/x', program]])))
    tree.set(place, link);
  return tree;
}

function madeOf(packages: readonly Package[], name: string): string {
  const it = packages.find((each) => each.name === name);
  return `built from Debian's ${name} ${it?.version ?? ''}`.trim();
}

const nginxConfig = `user nginx;
worker_processes 1;
error_log /var/log/nginx/error.log warn;
pid /run/nginx.pid;

events {
  worker_connections 1024;
}

http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log /var/log/nginx/access.log combined;
  sendfile on;
  keepalive_timeout 65;
  include /etc/nginx/conf.d/*.conf;
}
`;

const nginxSite = `server {
  listen 80;
  server_name localhost;

  location / {
    root /usr/share/nginx/html;
    index index.html index.htm;
  }

  error_page 500 502 503 504 /50x.html;
  location = /50x.html {
    root /usr/share/nginx/html;
  }
}
`;

const nginxPage = (version: string, made: string) => `<!DOCTYPE html>
<html lang="en">
<head><title>Welcome to nginx!</title></head>
<body>
<h1>Welcome to nginx!</h1>
<p>This server runs. Its image, nginx:${version}, is a stand-in ${made}.</p>
</body>
</html>
`;
