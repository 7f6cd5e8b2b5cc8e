#!/bin/sh
# Makes the fresh container of a node whose PID 1 is systemd a machine: its kernel settings, mount propagation and control groups.
set -e
# The runtime made /proc/sys read-only; what the network namespace holds of it is the node's own.
mount --bind /proc/sys/net /proc/sys/net
mount -o remount,bind,rw /proc/sys/net
# Mounts below hostPath volumes must reach containers.
mount --make-rshared /
echo 1 > /proc/sys/net/ipv4/ip_forward
# A pod that reaches another on the same bridge through a Service gets its answers only when bridged packets pass the rules.
echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables
# With control groups of version 2 pods have only the controllers that the root hands down.
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  for it in $(cat /sys/fs/cgroup/cgroup.controllers); do echo "+$it" > /sys/fs/cgroup/cgroup.subtree_control; done
fi
