#!/bin/sh
# Known holes in the pinned packages, by pip-audit. It asks the public database of advisories, so it needs the network;
# the packages themselves are not installed. Ends with 1 where a hole is known.
# Usage: make audit, or scripts/audit-dependencies.sh requirements.txt …
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- requirements.txt requirements-dev.txt
if command -v pip-audit >/dev/null 2>&1; then
  audit=pip-audit
elif [ -x .venv/bin/pip-audit ]; then
  audit=.venv/bin/pip-audit
elif command -v uvx >/dev/null 2>&1; then
  audit="uvx pip-audit"
else
  echo "audit: pip-audit is not here. Install it apart from the product: pipx install pip-audit" >&2
  exit 2
fi
failed=0
for file in "$@"; do
  echo "audit: $file"
  # the pins have hashes and are complete, so nothing has to be resolved
  $audit --requirement "$file" --require-hashes --disable-pip --progress-spinner off || failed=1
done
exit $failed
