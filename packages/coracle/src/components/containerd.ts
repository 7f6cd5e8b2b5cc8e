import { type Component, type ComponentInput, etc, stopRanks } from './component.ts';
import { cniFolder } from './overlay.ts';

export const containerdSocket = '/run/containerd/containerd.sock';
/** The image whose only process holds a pod's namespaces; it is built by Coracle. */
export const pauseImage = 'coracle.local/pause:1';

/** The node's own containerd, whatever other one the host runs. */
export function containerd({ facts }: ComponentInput): Component {
  return {
    service: {
      name: 'containerd',
      command: ['containerd', '--config', etc('containerd', 'config.toml')],
      after: [],
      probe: { unix: containerdSocket },
      folders: [
        { path: '/var/lib/containerd', mode: 0o710 },
        { path: '/run/containerd', mode: 0o711 },
      ],
      stopRank: stopRanks.runtime,
    },
    files: [{ path: 'containerd/config.toml', text: containerdConfig(facts) }],
  };
}

/** Where a containerd keeps its images and layers, what need not outlive a boot, and where it listens. */
export interface ContainerdPlace {
  root: string;
  state: string;
  socket: string;
}

const nodePlace: ContainerdPlace = {
  root: '/var/lib/containerd',
  state: '/run/containerd',
  socket: containerdSocket,
};

/** containerd's configuration. */
export function containerdConfig(facts: ComponentInput['facts'], place = nodePlace): string {
  return `version = 2
root = "${place.root}"
state = "${place.state}"
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
  address = "${place.socket}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = ${!facts.mayAdjustOomScore}
  tolerate_missing_hugetlb_controller = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${cniFolder}"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "${facts.snapshotter}"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
`;
}
