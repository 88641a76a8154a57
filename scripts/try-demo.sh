#!/usr/bin/env bash
# Starts `make demo` as a newcomer would, waits for its address, logs in, asks for the workbench, and stops it.
set -euo pipefail
cd "$(dirname "$0")/.."
COJUDGE_STATE=$(mktemp -d "${TMPDIR:-/tmp}/cojudge-try.XXXXXX")
export COJUDGE_STATE
chmod 755 "$COJUDGE_STATE"
log=$COJUDGE_STATE/demo.log
start=$SECONDS
make demo >"$log" 2>&1 &
demo=$!
finish() {
  pkill -INT -P "$demo" 2>/dev/null || true  # what Ctrl-C does: make's child gets it
  wait "$demo" 2>/dev/null || true
  rm -rf "$COJUDGE_STATE"
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
