"""A Ray Data job: Parquet of items in, Parquet of judgments out. No Django; what it needs is requirements-ray.txt.

    python -m llm_judge.offline.ray_job --items HASH/items.parquet --rater HASH/rater.json --out HASH/judgments \
        --endpoint http://vllm.internal:8000/v1

Each actor holds one of our own backends, so prompts, calls, retries, parsing and scoring are those of every other way
to judge. With ``--engine-python`` an actor starts vLLM on its own GPU instead of asking a server.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.errors import CojudgeError, InputError, ServiceError
from llm_judge.backends.base import Backend, Patience, check_offer
from llm_judge.backends.judging import CaseAnswer, judge_many
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.backends.scripted import ScriptedBackend
from llm_judge.backends.vllm_offline import OfflineBackend
from llm_judge.offline.tables import JUDGMENT_COLUMNS, Order, case_of, judgment_record
from llm_judge.rules.scoring import JudgeCase

if TYPE_CHECKING:
    import pyarrow as pa

SCRIPTED = "scripted"
#: Rows of one call of an actor: what a crash of it costs.
BATCH = 512


class Judging:
    """What an actor does: it opens its backend once, and judges batch after batch."""

    def __init__(self, *, order: str, how: dict[str, Any]) -> None:
        self._order, self._how = Order.from_json(order), how
        self._runner = asyncio.Runner()
        self._backend: Backend | None = None

    def __call__(self, table: pa.Table) -> pa.Table:
        import pyarrow as pa

        cases = [case_of(row, self._order.questions) for row in table.to_pylist()]
        rows = [judgment_record(each, self._order) for each in self._runner.run(self._judge(cases))]
        schema = pa.schema([pa.field(name, getattr(pa, kind)()) for name, kind in JUDGMENT_COLUMNS.items()])
        return pa.Table.from_pylist(rows, schema=schema)

    def close(self) -> None:
        """Hang up. An engine of its own ends with it."""
        backend, self._backend = self._backend, None
        if backend is not None:
            self._runner.run(backend.__aexit__(None, None, None))
        self._runner.close()

    def __del__(self) -> None:  # Ray drops an actor's object when there is nothing left to do
        if hasattr(self, "_runner"):
            self.close()

    async def _judge(self, cases: Sequence[JudgeCase]) -> list[CaseAnswer]:
        """Raises ServiceError where the server is in such trouble that nobody was answered: the job ends, not lies."""
        backend = self._backend or await self._open()
        answered = [each async for each in judge_many(backend, cases, self._order.configuration)]
        if backend.trouble and not any(reply.attempts for each in answered for reply in each.replies):
            raise ServiceError(f"The judge is in trouble: {backend.trouble}")
        return [each for each in answered if not each.replies or each.was_sent]

    async def _open(self) -> Backend:
        opened = await connect(self._how, self._order).__aenter__()
        check_offer(await opened.inspect(), self._order.configuration)
        self._backend = opened
        return opened


def connect(how: dict[str, Any], order: Order) -> Backend:
    """The backend that the command line asks for, not opened yet."""
    patience, in_flight = Patience(timeout=how["timeout"]), how["in_flight"]
    if how["endpoint"] == SCRIPTED:
        return ScriptedBackend(in_flight=in_flight, patience=patience)
    if how["engine_python"]:
        model = how["model"] or order.configuration.model
        options = json.loads(how["engine_options"])
        return OfflineBackend(how["engine_python"], model, options=options, in_flight=in_flight)
    key = os.environ.get(how["key_variable"], "") if how["key_variable"] else ""
    model = how["model"] or order.configuration.model
    return OpenAIBackend(how["endpoint"], model=model, api_key=key, in_flight=in_flight, patience=patience)


def read_arguments(words: Sequence[str]) -> Namespace:
    parser = ArgumentParser(prog="python -m llm_judge.offline.ray_job", description="Judge Parquet on Ray.")
    parser.add_argument("--items", required=True, help="items.parquet, as --to-parquet wrote it; any path Ray reads")
    parser.add_argument("--rater", required=True, type=Path, help="rater.json beside it")
    parser.add_argument("--out", required=True, help="folder for the judgments; any path Ray writes")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--endpoint", default="", help="address of an OpenAI-compatible server, or: scripted")
    where.add_argument("--engine-python", default="", help="python of an environment with vLLM: an engine per actor")
    parser.add_argument("--engine-options", default="{}", metavar="JSON", help='{"max_model_len": 4096}')
    parser.add_argument("--model", default="", help="its name or folder there, if that differs from the rater's")
    parser.add_argument("--key-variable", default="", metavar="NAME", help="environment variable with the API key")
    parser.add_argument("--actors", type=int, default=1, help="how many judge side by side")
    parser.add_argument("--gpus", type=float, default=0, help="GPUs of one actor")
    # Actors mostly wait; with whole CPUs a few of them would leave none to read and write, and the job would hang.
    parser.add_argument("--cpus", type=float, default=0.25, help="CPUs of one actor, as Ray counts them")
    parser.add_argument("--in-flight", type=int, default=64, help="calls of one actor at a time")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds for one call")
    parser.add_argument("--batch", type=int, default=BATCH, help="cases that an actor takes at a time")
    return parser.parse_args(words)


def run(said: Namespace) -> None:
    """The job: reads, judges and writes as a stream. Raises InputError for a rater.json that was changed."""
    import ray

    order = said.rater.read_text(encoding="utf-8")
    Order.from_json(order, where=str(said.rater))
    names = ("endpoint", "engine_python", "engine_options", "model", "key_variable", "in_flight", "timeout")
    how = {name: getattr(said, name) for name in names}
    ray.data.read_parquet(said.items).map_batches(
        Judging,
        fn_constructor_kwargs={"order": order, "how": how},
        batch_size=said.batch,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=said.actors),
        num_cpus=said.cpus,
        num_gpus=said.gpus or None,
    ).write_parquet(said.out)


def main(words: Sequence[str] | None = None) -> int:
    said = read_arguments(sys.argv[1:] if words is None else words)
    try:
        run(said)
    except OSError as error:
        print(InputError(f"it cannot be read ({error.strerror})", where=str(error.filename)), file=sys.stderr)
    except CojudgeError as error:
        print(error, file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
