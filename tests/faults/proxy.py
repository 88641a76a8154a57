"""A small TCP proxy that spoils connections on purpose: it cuts them, slows them, holds them or refuses new ones.

    python -m tests.faults.proxy db=/path/to/.s.PGSQL.5432 broker=/path/to/valkey.sock llm=127.0.0.1:9000

It says ``db=PORT broker=PORT llm=PORT`` and then takes one order a line from its input: ``cut db``, ``slow llm 0.2 3``
(so much delay on everything, for 3 s), ``hold db 4`` (nothing passes for 4 s), ``refuse broker 3``. It answers each
line with the number of connections that were open.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

from judge.services.state import CHECKOUT

CHUNK = 1 << 16


class Gate:
    """One way into a server behind it, and what is wrong with it right now."""

    def __init__(self, name: str, target: str) -> None:
        self.name, self.target = name, target
        self.open: set[asyncio.StreamWriter] = set()
        self.delay, self.delay_until = 0.0, 0.0
        self.held_until = self.refused_until = 0.0

    async def listen(self) -> int:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        port: int = server.sockets[0].getsockname()[1]
        self.server = server
        return port

    def spoil(self, order: str, seconds: list[float]) -> int:
        """Do as the order says; how many connections it met."""
        now, n_open = asyncio.get_running_loop().time(), len(self.open)
        if order == "cut":
            for writer in list(self.open):
                writer.transport.abort()
        elif order == "slow":
            self.delay, self.delay_until = seconds[0], now + seconds[1]
        elif order == "hold":
            self.held_until = now + seconds[0]
        elif order == "refuse":
            self.refused_until = now + seconds[0]
        return n_open

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asyncio.get_running_loop().time() < self.refused_until:
            writer.transport.abort()
            return
        try:
            behind = await self._connect()
        except OSError:  # the server behind is dead: so is the connection
            writer.transport.abort()
            return
        self.open.add(writer)
        try:
            await asyncio.gather(self._pump(reader, behind[1]), self._pump(behind[0], writer))
        finally:
            self.open.discard(writer)
            for each in (writer, behind[1]):
                each.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.target.startswith("/"):
            return await asyncio.open_unix_connection(self.target)
        host, port = self.target.rsplit(":", 1)
        return await asyncio.open_connection(host, int(port))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._suffer()
                writer.write(data)
                await writer.drain()
        writer.transport.close() if not writer.transport.is_closing() else None

    async def _suffer(self) -> None:
        now = asyncio.get_running_loop().time()
        if now < self.delay_until:
            await asyncio.sleep(self.delay)
        if now < self.held_until:
            await asyncio.sleep(self.held_until - now)


async def main(words: list[str]) -> None:
    gates = {name: Gate(name, target) for name, target in (word.split("=", 1) for word in words)}
    print(*[f"{name}={await gate.listen()}" for name, gate in gates.items()], flush=True)
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := (await orders.readline()).decode().split():
        order, name, *numbers = line
        print(gates[name].spoil(order, [float(each) for each in numbers]), flush=True)


class Proxy:
    """The proxy as a process of its own, so that nothing else keeps it from its work."""

    def __init__(self, **targets: str) -> None:
        words = [f"{name}={target}" for name, target in targets.items()]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.proxy", *words],
            cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.ports = dict(word.split("=") for word in self._read().split())

    def spoil(self, order: str, name: str, *seconds: float) -> int:
        """Have it done; how many connections it met."""
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join([order, name, *map(str, seconds)]) + "\n")
        self.process.stdin.flush()
        return int(self._read())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def _read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def socket_of(folder: str) -> str:
    """PostgreSQL's socket in its folder."""
    return str(Path(folder) / ".s.PGSQL.5432")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
