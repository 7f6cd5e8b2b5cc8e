import type { ServiceSettings } from '../settings.ts';

/** Where a node's agent answers, beside which a supervisor's other nodes do. */
export const agentSocket = '/run/coracle/node.sock';

/** What the unit files of a node need to know. */
export interface UnitInput {
  /** The folder with this program's sources, as the node sees it. */
  sources: string;
  /** Node.js, and its options. */
  node: readonly string[];
  /** The services that run as plain units. */
  plain: readonly ServiceSettings[];
}

/**
 * The units of a node that are no system containers, by name, and the targets that want them: what makes the container a machine, what runs from
 * Debian packages, what ends pods as the node stops, and the agent, which runs while it is asked things.
 */
export function nodeUnits({ sources, node, plain }: UnitInput): Record<string, { text: string; wantedBy?: string }> {
  const program = (name: string, ...args: string[]) => [...node, `${sources}/node/systemd/${name}`, ...args].join(' ');
  const systemUnits: Record<string, { text: string; wantedBy?: string }> = {
    'coracle-prepare.service': {
      text: `[Unit]
Description=Kernel settings, mounts and control groups of a Coracle node
DefaultDependencies=no
After=local-fs.target
Before=network-pre.target network.target network-online.target sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ${sources}/node/systemd/prepare.sh
`,
      wantedBy: 'sysinit.target',
    },
    // Stopped after the kubelet, which would start them again, and before containerd, which notes how they ended.
    'coracle-pods.service': {
      text: `[Unit]
Description=Pods of this node, ended in order as it stops
After=containerd.service
Before=kubelet.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=${program('stop-pods.ts')}
`,
      wantedBy: 'multi-user.target',
    },
    'coracle-agent.socket': {
      text: `[Unit]
Description=Questions to the agent of this Coracle node
DefaultDependencies=no
Before=sockets.target

[Socket]
ListenStream=${agentSocket}
SocketMode=0600
RemoveOnStop=yes
`,
      wantedBy: 'sockets.target',
    },
    'coracle-agent.service': {
      text: `[Unit]
Description=Agent of this Coracle node
DefaultDependencies=no
StartLimitIntervalSec=0

[Service]
Environment=NODE_COMPILE_CACHE=/var/cache/coracle/agent
ExecStart=${program('agent.ts', '/etc/coracle/node.json')}
LogLevelMax=notice
`,
    },
  };
  for (const it of plain) {
    systemUnits[`${it.name}.service`] = { text: plainUnit(it), wantedBy: 'multi-user.target' };
  }
  return systemUnits;
}

/** What it started lives on while it is restarted: the containers of pods, which containerd finds again. */
function plainUnit({ name, command, after }: ServiceSettings): string {
  const units = ['network-online.target', ...after.map((it) => `${it}.service`)].join(' ');
  return `[Unit]
Description=${name} of this Coracle node
Wants=network-online.target
After=${units}
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart=${command.join(' ')}
KillMode=process
Delegate=yes
TasksMax=infinity
TimeoutStopSec=30
Restart=always
RestartSec=1
`;
}
