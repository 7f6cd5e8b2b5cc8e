import { binary } from './shared-layers.ts';
import { type Tree, text } from './tree.ts';

/** How a program runs as a system container. */
export interface SystemContainer {
  name: string;
  /** An ordinary user, with no capability but these; root with all that the machine has without. */
  user?: { uid: number; gid: number; capabilities?: readonly string[] };
  /** What it sees and changes of the machine beside its network: `network` settings of the kernel and /run, or the whole `machine`. */
  reach?: 'network' | 'machine';
  /** A folder of data of its own. */
  data?: string;
  /** Whether Node.js runs it. */
  node?: boolean;
  /** Variables of its environment, beside those that all have. */
  environment?: Readonly<Record<string, string>>;
  /** See health.ts for the checks. */
  health: string;
}

/**
 * The folder /exports of an image, from which `coracle system` installs it: templates of runc's configuration, the systemd unit and the tmpfiles
 * snippet, and the settings with their defaults. All containers use the machine's network, and a read-only root.
 */
export function exportsOf(it: SystemContainer): Tree {
  const json = (value: unknown) => text(`${JSON.stringify(value, undefined, 2)}\n`);
  return new Map([
    ['exports/manifest.json', json(manifestOf(it))],
    ['exports/config.json.template', text(configOf(it))],
    ['exports/service.template', text(unitOf(it))],
    ['exports/tmpfiles.template', text(tmpfilesOf(it))],
  ]);
}

function manifestOf({ data, health, node = true }: SystemContainer): Record<string, unknown> {
  return {
    version: '1.0',
    defaultValues: {
      CONFIG: '/etc/coracle/$NAME',
      ARGS_FILE: '$CONFIG/args',
      ...(data ? { DATA: data } : {}),
      AFTER: 'network-online.target',
      // A small nursery saves memory, and costs none of them speed.
      ...(node ? { CACHE: '/var/cache/coracle/$NAME', NODE_OPTIONS: '--max-semi-space-size=2' } : {}),
      HEALTH: health,
      HEALTH_AUTHORITY: '',
    },
    dataFolders: data ? ['$DATA'] : [],
    health: { check: '$HEALTH', authority: '$HEALTH_AUTHORITY', timeoutSeconds: 60 },
  };
}

const ownMountLines = `ExecStartPre=mount --make-rshared /
ExecStartPre=mount --bind $DESTDIR/rootfs $DESTDIR/rootfs
ExecStartPre=mount --make-private $DESTDIR/rootfs
`;

/** systemd stops it by SIGTERM to runc, which hands it on: once, since to our programs a second one means at once. */
function unitOf({ reach }: SystemContainer): string {
  // What a kubelet mounts is seen on the machine when its mounts are shared, as systemd has them on all but containers. runc makes the mount that
  // holds the container's root private, which for that must not be the machine's own.
  const ownMount = reach === 'machine';
  return `[Unit]
Description=$NAME, a system container of $IMAGE_NAME
Wants=network-online.target
After=$AFTER
StartLimitIntervalSec=0

[Service]
WorkingDirectory=$DESTDIR
ExecStartPre=-runc delete --force $NAME
ExecStartPre=systemd-tmpfiles --create $DESTDIR/tmpfiles.conf
${ownMount ? ownMountLines : ''}ExecStart=$EXEC_START
ExecStopPost=-runc delete --force $NAME
${ownMount ? 'ExecStopPost=-umount --lazy $DESTDIR/rootfs\n' : ''}KillMode=mixed
TimeoutStopSec=30
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;
}

function tmpfilesOf({ user, reach, data, node = true }: SystemContainer): string {
  const [uid, gid] = [user?.uid ?? 0, user?.gid ?? 0];
  return [
    `d $CONFIG 0755 root root -`,
    // What is written there for it belongs to it: keys that are for their owner alone can be read by nobody else.
    ...(user ? [`Z $CONFIG - ${uid} ${gid} -`] : []),
    ...(node ? [`d $CACHE 0700 ${uid} ${gid} -`] : []),
    ...(data ? [`d $DATA ${user ? '0700' : '0750'} ${uid} ${gid} -`] : []),
    ...(reach ? ['d /etc/cni/net.d 0755 root root -'] : []),
    // Mounted into the container, so that they have to be there.
    ...(reach === 'machine' ? machineFolders.map((it) => `d ${it} - - - -`) : []),
    'f /etc/hosts 0644 root root - 127.0.0.1 localhost\\n',
    'f /etc/resolv.conf 0644 root root -',
    '',
  ].join('\n');
}

/** Folders of the machine that a kubelet shows to pods and looks into itself. */
const machineFolders = ['/etc', '/home', '/media', '/mnt', '/opt', '/root', '/run', '/srv', '/tmp', '/var'];

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** runc's configuration, as a template: what stands for a list or a number is no JSON yet. */
function configOf(it: SystemContainer): string {
  const { user, reach, node = true, environment = {} } = it;
  const namespaces = reach === 'machine' ? ['mount'] : ['mount', 'pid', 'ipc'];
  const given = user?.capabilities ?? [];
  const capabilities = user ? given : '$CAPABILITIES';
  const config = {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: user?.uid ?? 0, gid: user?.gid ?? 0 },
      args: [`/${binary(it.name)}`, '@$ARGS_FILE'],
      env: [
        `PATH=${path}`,
        'HOME=/',
        ...(node ? ['NODE_OPTIONS=$NODE_OPTIONS', 'NODE_COMPILE_CACHE=$CACHE'] : []),
        ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      ],
      cwd: '/',
      capabilities: {
        bounding: capabilities,
        permitted: capabilities,
        effective: capabilities,
        // Across the change of the user, and into the program, a capability comes as an ambient one only.
        ...(user ? { inheritable: capabilities, ambient: capabilities } : {}),
      },
      noNewPrivileges: user !== undefined,
    },
    root: { path: 'rootfs', readonly: true },
    mounts: [...basicMounts(it), ...(reach === 'machine' ? machineMounts() : ownMounts(it))],
    linux: {
      namespaces: namespaces.map((type) => ({ type })),
      cgroupsPath: '/coracle-system/$NAME',
      ...(reach === 'machine' ? { rootfsPropagation: 'rshared' } : {}),
      resources: {
        devices: reach === 'machine' ? [{ allow: true, access: 'rwm' }] : [{ allow: false, access: 'rwm' }],
      },
      ...(reach
        ? {}
        : { maskedPaths: ['/proc/kcore', '/proc/keys'], readonlyPaths: ['/proc/sys', '/proc/sysrq-trigger'] }),
    },
  };
  return `${JSON.stringify(config, undefined, 2).replaceAll('"$CAPABILITIES"', '$CAPABILITIES')}\n`;
}

type Mount = Record<string, unknown>;

const bind = (destination: string, ...options: string[]): Mount => ({
  destination,
  type: 'bind',
  source: destination,
  options: ['rbind', ...options],
});

const tmpfs = (destination: string, ...options: string[]): Mount => ({
  destination,
  type: 'tmpfs',
  source: 'tmpfs',
  options,
});

function basicMounts({ reach }: SystemContainer): Mount[] {
  const proc = { destination: '/proc', type: 'proc', source: 'proc' };
  if (reach === 'machine') return [proc, bind('/dev', 'rslave'), bind('/sys', 'rslave')];
  return [
    proc,
    tmpfs('/dev', 'nosuid', 'mode=755', 'size=65536k'),
    tmpfs('/dev/shm', 'nosuid', 'noexec', 'nodev', 'mode=1777'),
    tmpfs('/tmp', 'nosuid', 'nodev', 'mode=1777'),
    bind('/sys', 'rslave', ...(reach ? [] : ['ro'])),
  ];
}

/** What a kubelet mounts is to be seen by the machine, and what the machine mounts by it. */
function machineMounts(): Mount[] {
  return [...machineFolders.map((it) => bind(it, 'rshared')), bind('/usr/lib/os-release', 'ro')];
}

function ownMounts({ reach, data, node = true }: SystemContainer): Mount[] {
  return [
    ...(reach
      ? [bind('/run', 'rslave'), bind('/etc/cni', 'rslave'), bind('/etc/coracle', 'rslave')]
      : [bind('$CONFIG', 'ro')]),
    bind('/etc/hosts', 'ro'),
    bind('/etc/resolv.conf', 'ro'),
    ...(node ? [bind('$CACHE')] : []),
    ...(data ? [bind('$DATA')] : []),
  ];
}
