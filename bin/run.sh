#!/bin/sh
# Starts one of Coracle's programs with the pinned Node.js: run.sh PROGRAM PACKAGE [ARGUMENTS], or run.sh PROGRAM PACKAGE/FILE [ARGUMENTS] for one that
# is not the main program of its package. The launchers beside this file call it.
set -eu
program=$1
package=$2
shift 2
root=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")/.." && pwd)
case $(uname -m) in
aarch64 | arm64) arch=arm64 ;;
*) arch=x64 ;;
esac
node=${CORACLE_NODE:-$root/toolchain/node_modules/node-linux-$arch/bin/node}
if [ ! -x "$node" ]; then
  echo "$program: the pinned Node.js is not set up yet; run 'npm start' or 'node scripts/bootstrap.mjs' in $root first" >&2
  exit 1
fi
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$root/.cache/compile}"
case $package in
*/*) main=$root/packages/$package ;;
*) main=$root/packages/$package/src/main.ts ;;
esac
exec "$node" --disable-warning=ExperimentalWarning ${CORACLE_NODE_OPTIONS:-} "$main" "$@"
