"""The program behind the embedded LLM: llama.cpp's OpenAI-compatible server with one model, until it is ended.

python -m judge.services.model_server MODEL.gguf ALIAS PORT PARENT_PID
"""

from __future__ import annotations

import os
import signal
import sys

from judge.services import state
from judge.services.processes import die_with_parent

#: Each slot reads a context by itself before it finds it again: of twenty cases of one context four slots read four
#: whole, two read two, and that is what a case costs most. Further calls wait in the server, so no slot is idle.
SLOTS = 2
TOKENS_PER_SLOT = 4096
#: Threads at most, unless COJUDGE_MODEL_THREADS says otherwise. llama.cpp's threads wait for one another at every
#: layer: on two cores two of them read 2.7 times as fast as one on a quiet machine, a tenth as fast beside a busy one.
THREADS = 4


def main(words: list[str]) -> None:
    """Load the model, serve it, and sleep."""
    path, alias, port, parent = words
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = path
    parameters.model_alias = [alias]
    parameters.hostnames, parameters.port = ["127.0.0.1"], int(port)
    parameters.n_parallel, parameters.n_ctx = SLOTS, SLOTS * TOKENS_PER_SLOT
    parameters.kv_unified = True
    parameters.cont_batching = parameters.cache_prompt = True
    parameters.cache_ram_mib = 0
    parameters.n_gpu_layers, parameters.ui = 0, False
    parameters.cors_origins = "http://127.0.0.1"  # no page of another site may ask the model
    threads = int(os.environ.get("COJUDGE_MODEL_THREADS") or min(THREADS, os.cpu_count() or 1))
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    server = xllamacpp.Server(parameters)  # loads the model in this thread, then listens
    settle(int(parent))
    print(f"serving {alias} on {server.listening_address}", flush=True)
    while True:
        signal.pause()


def settle(parent: int) -> None:
    """Root reads the model and its own Python, which the servers' user may be unable to, and then is root no more."""
    account = state.server_account()
    if account is not None:
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
    die_with_parent(parent, signal.SIGTERM)  # again: the change of user forgot it


if __name__ == "__main__":
    main(sys.argv[1:])
