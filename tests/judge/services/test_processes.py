from __future__ import annotations

import os
import signal
import subprocess
import sys

from judge.services.processes import Process, wait_until

SLEEPER = [sys.executable, "-c", "import signal; signal.pause()"]


def test_recycled_number_is_never_signalled() -> None:
    with subprocess.Popen(SLEEPER) as stranger:
        ours = Process(stranger.pid, "another start")
        assert not ours.alive()
        assert ours.end((signal.SIGKILL, 1))
        assert stranger.poll() is None
        stranger.kill()


def test_zombie_counts_as_gone() -> None:
    with subprocess.Popen(SLEEPER) as child:
        process = Process.find(child.pid)
        assert process.alive()
        child.kill()
        assert wait_until(lambda: not process.alive(), 5)


def test_process_that_ignores_the_first_signal_is_ended_by_the_next() -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        assert Process.find(child.pid).end((signal.SIGTERM, 0.1), (signal.SIGKILL, 5))


def test_own_process_is_alive() -> None:
    assert Process.find(os.getpid()).alive()
