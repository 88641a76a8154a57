#!/bin/sh
# Makes .venv-ray with the Python of .venv (make setup) and what a job on Ray needs. Does nothing when it is up to date.
set -eu
cd "$(dirname "$0")/.."
home=.venv-ray

wanted=$(cksum < requirements-ray.txt)
if [ -x "$home/bin/python" ] && [ "$(cat "$home/installed" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

echo "cojudge: installing Ray into $home (once; a minute or so)"
rm -rf "$home"
if command -v uv >/dev/null 2>&1; then
  uv venv -q --python .venv/bin/python "$home"
  uv pip install -q --python "$home/bin/python" --require-hashes -r requirements-ray.txt
else
  .venv/bin/python -m venv "$home"
  "$home/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r requirements-ray.txt
fi
printf '%s' "$wanted" > "$home/installed"
