#!/usr/bin/env bash
# Starts `make demo` as a newcomer would, waits for its address, logs in, asks for the workbench, stops it, and fails
# if anything of it is left.
set -euo pipefail
cd "$(dirname "$0")/.."
state=$(mktemp -d "${TMPDIR:-/tmp}/cojudge-try.XXXXXX")  # not exported: `leftovers` looks for who knows it
chmod 755 "$state"
log=$state/demo.log
start=$SECONDS
COJUDGE_STATE=$state make demo >"$log" 2>&1 &
demo=$!

finish() {
  status=$?
  trap - EXIT
  if ! ends_within 60; then
    echo "the demo did not end within 60 s of the signal to stop:"
    cat "$log"
    pkill -KILL -P "$demo" || true  # its children get a signal from the kernel
    status=1
  fi
  wait "$demo" 2>/dev/null || true
  if ! nothing_left_within 5; then
    echo "left over after the end of the demo:"
    leftovers | while read -r pid; do ps -o pid=,args= -p "$pid" || true; done
    [ "$status" -ne 0 ] || cat "$log"
    status=1
    COJUDGE_STATE=$state .venv/bin/python -m judge.services.supervise stop || true
  fi
  rm -rf "$state"
  exit "$status"
}

ends_within() {  # TERM, not INT: a shell without job control has its background jobs ignore INT
  pkill -TERM -P "$demo" 2>/dev/null || true
  for _ in $(seq "$1"); do
    kill -0 "$demo" 2>/dev/null || return 0
    sleep 1
  done
  return 1
}

nothing_left_within() {
  for _ in $(seq "$1"); do
    [ -z "$(leftovers)" ] && return 0
    sleep 1
  done
  return 1
}

leftovers() {  # processes that name the state folder; where there is /proc, also those that only know it
  {
    pgrep -f -- "$state" || true
    grep -lsz -- "^COJUDGE_STATE=$state\$" /proc/[0-9]*/environ | cut -d/ -f3 || true
  } | sort -un
}

trap finish EXIT

for _ in $(seq 300); do
  address=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$log" | head -n 1 || true)
  [ -n "$address" ] && break
  kill -0 "$demo" 2>/dev/null || break
  sleep 1
done
if [ -z "${address:-}" ]; then echo "the demo did not start:"; cat "$log"; exit 1; fi

.venv/bin/python scripts/visit.py "$address"
echo "make demo answered a logged-in page after $((SECONDS - start)) s"
