"""The process's end: the rest is told, within a limit, and whatever else was to be done is done."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.telemetry import shutdown
from tests.ingestion import Ingestion, hanging

PROCESS = """
import signal, sys, threading, time
{before}
from shared import telemetry
from shared.settings import Settings
settings = Settings.read({{"APPLICATIONINSIGHTS_CONNECTION_STRING": sys.argv[1]}})
{configure}
telemetry.event("last words")
print("ready", flush=True)
{then}
"""
CONFIGURE = "telemetry.configure(settings)"
WAIT = "time.sleep(30)"


def process(
    where: Ingestion, disk: Path, *, before: str = "", configure: str = CONFIGURE, then: str = ""
) -> subprocess.Popen[str]:
    """A process that has told one event and says `ready`."""
    started = subprocess.Popen(
        [sys.executable, "-c", PROCESS.format(before=before, configure=configure, then=then), where.connection_string],
        env={"TMPDIR": str(disk)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout
    assert started.stdout.readline() == "ready\n"
    return started


def ended(started: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, output and errors of a process that ends."""
    out, errors = started.communicate(timeout=20)
    return started.returncode, out, errors


def last_words(where: Ingestion) -> bool:
    return "last words" in [item["data"]["baseData"]["name"] for item in where.of_type("EventData")]


def test_a_process_that_just_ends_has_told_everything(ingestion: Ingestion, disk: Path) -> None:
    assert ended(process(ingestion, disk)) == (0, "", "")
    assert last_words(ingestion)


def test_sigterm_tells_the_rest_and_then_does_what_it_does(ingestion: Ingestion, disk: Path) -> None:
    started = process(ingestion, disk, then=WAIT)
    started.send_signal(signal.SIGTERM)
    assert ended(started) == (-signal.SIGTERM, "", "")
    assert last_words(ingestion)


def test_a_handler_that_was_there_before_is_called_afterwards(ingestion: Ingestion, disk: Path) -> None:
    before = "signal.signal(signal.SIGTERM, lambda *_: (print('stopped'), sys.exit(3)))"
    started = process(ingestion, disk, before=before, then=WAIT)
    started.send_signal(signal.SIGTERM)
    assert ended(started) == (3, "stopped\n", "")
    assert last_words(ingestion)


def test_who_ignores_sigterm_goes_on_ignoring_it(ingestion: Ingestion, disk: Path) -> None:
    before = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    started = process(ingestion, disk, before=before, then="time.sleep(0.3); print('done')")
    started.send_signal(signal.SIGTERM)
    assert ended(started) == (0, "done\n", "")


def test_off_the_main_thread_nothing_is_raised_and_the_end_still_tells(ingestion: Ingestion, disk: Path) -> None:
    configure = "t = threading.Thread(target=telemetry.configure, args=(settings,)); t.start(); t.join()"
    assert ended(process(ingestion, disk, configure=configure)) == (0, "", "")
    assert last_words(ingestion)


def test_ingestion_that_hangs_holds_up_the_end_for_its_limit_only(ingestion: Ingestion, disk: Path) -> None:
    ingestion.behaviour = hanging
    started = process(ingestion, disk)
    before = time.perf_counter()
    assert ended(started) == (0, "", "")
    assert time.perf_counter() - before < shutdown.EXIT_SECONDS + 1.5


def test_what_the_end_could_not_tell_the_next_process_does(ingestion: Ingestion, disk: Path) -> None:
    port = ingestion.server_port
    ingestion.end()
    ended(process(ingestion, disk))
    (blob,) = disk.rglob("*.blob")
    os.utime(blob.parent, (0, 0))  # as if it had ended long ago
    back = Ingestion(port)
    ended(process(back, disk))
    names = [item["data"]["baseData"]["name"] for item in back.of_type("EventData")]
    back.end()
    assert names.count("last words") == 2


def test_a_handler_that_is_not_python_s_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "getsignal", lambda _: None)
    set_: list[object] = []
    monkeypatch.setattr(signal, "signal", lambda *given: set_.append(given))
    shutdown._chain(lambda _: None)
    assert set_ == []


def test_a_failure_at_the_end_ends_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: called.append(number))
    try:
        shutdown._chain(lambda _: 1 / 0)
        signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert called == [signal.SIGTERM]


def test_without_a_handler_before_the_process_ends_as_it_would_have(monkeypatch: pytest.MonkeyPatch) -> None:
    finished: list[float] = []
    raised: list[int] = []
    monkeypatch.setattr(signal, "raise_signal", raised.append)
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        shutdown._chain(finished.append)
        signal.getsignal(signal.SIGTERM)(signal.SIGTERM, None)  # type: ignore[operator, misc]
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (finished, raised) == ([shutdown.EXIT_SECONDS], [signal.SIGTERM])


def test_a_signal_in_the_middle_of_telling_does_not_lock_up(ingestion: Ingestion, disk: Path) -> None:
    then = "while True: telemetry.event('more')"
    started = process(ingestion, disk, then=then)
    time.sleep(0.1)
    started.send_signal(signal.SIGTERM)
    assert ended(started)[0] == -signal.SIGTERM
