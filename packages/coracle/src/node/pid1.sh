#!/bin/sh
# PID 1 of a node: runs the given supervisor, hands SIGTERM on to it, and ends as it ends. The shell is here because PID 1 must reap
# processes it never started (shims whose parent is gone), which a Node.js program cannot.
"$@" &
supervisor=$!
trap 'kill -TERM "$supervisor"' TERM INT
status=0
while kill -0 "$supervisor" 2>/dev/null; do
  wait "$supervisor"
  status=$?
done
exit "$status"
