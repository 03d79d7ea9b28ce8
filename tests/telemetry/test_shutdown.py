"""The end of a process: telemetry is flushed within a time limit, and other signal handlers still run."""

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
from shared.telemetry import Telemetry
from shared.settings import Settings
settings = Settings.read({{"APPLICATIONINSIGHTS_CONNECTION_STRING": sys.argv[1]}})
telemetry = Telemetry.from_settings(settings)
{arrange}
telemetry.event("last words")
print("ready", flush=True)
{then}
"""
ARRANGE = "telemetry.flush_at_exit()"
WAIT = "time.sleep(30)"


def process(
    destination: Ingestion, disk: Path, *, before: str = "", arrange: str = ARRANGE, then: str = ""
) -> subprocess.Popen[str]:
    """Return a process that has sent one event to its buffer and printed `ready`."""
    started = subprocess.Popen(
        [
            sys.executable,
            "-c",
            PROCESS.format(before=before, arrange=arrange, then=then),
            destination.connection_string,
        ],
        env={"TMPDIR": str(disk)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout
    assert started.stdout.readline() == "ready\n"
    return started


def ended(started: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Return exit code, output and errors of a process that ends."""
    out, errors = started.communicate(timeout=20)
    return started.returncode, out, errors


def last_words(ingestion: Ingestion) -> bool:
    return "last words" in [item["data"]["baseData"]["name"] for item in ingestion.of_type("EventData")]


def test_a_process_that_ends_has_sent_everything(ingestion: Ingestion, disk: Path) -> None:
    assert ended(process(ingestion, disk)) == (0, "", "")
    assert last_words(ingestion)


def test_sigterm_flushes_and_then_ends_the_process(ingestion: Ingestion, disk: Path) -> None:
    started = process(ingestion, disk, then=WAIT)
    started.send_signal(signal.SIGTERM)
    assert ended(started) == (-signal.SIGTERM, "", "")
    assert last_words(ingestion)


def test_the_former_handler_is_called_afterwards(ingestion: Ingestion, disk: Path) -> None:
    before = "signal.signal(signal.SIGTERM, lambda *_: (print('stopped'), sys.exit(3)))"
    started = process(ingestion, disk, before=before, then=WAIT)
    started.send_signal(signal.SIGTERM)
    assert ended(started) == (3, "stopped\n", "")
    assert last_words(ingestion)


def test_an_ignored_sigterm_stays_ignored(ingestion: Ingestion, disk: Path) -> None:
    before = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    started = process(ingestion, disk, before=before, then="time.sleep(0.3); print('done')")
    started.send_signal(signal.SIGTERM)
    assert ended(started) == (0, "done\n", "")


def test_off_the_main_thread_nothing_is_raised_and_the_end_still_flushes(ingestion: Ingestion, disk: Path) -> None:
    arrange = "t = threading.Thread(target=telemetry.flush_at_exit); t.start(); t.join()"
    assert ended(process(ingestion, disk, arrange=arrange)) == (0, "", "")
    assert last_words(ingestion)


def test_ingestion_that_hangs_delays_the_end_for_its_limit_only(ingestion: Ingestion, disk: Path) -> None:
    ingestion.behaviour = hanging  # until this test ends it
    assert ended(process(ingestion, disk)) == (0, "", "")
    assert not ingestion.ending.is_set()


def test_the_next_process_sends_what_the_last_could_not(ingestion: Ingestion, disk: Path) -> None:
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
    handlers: list[object] = []
    monkeypatch.setattr(signal, "signal", lambda *arguments: handlers.append(arguments))
    shutdown._chain(lambda _: None)
    assert handlers == []


def test_a_failed_flush_does_not_stop_the_former_handler() -> None:
    called: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: called.append(number))
    try:
        shutdown._chain(lambda _: 1 / 0)
        signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert called == [signal.SIGTERM]


def test_without_a_former_handler_the_process_ends_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_signal_while_items_are_added_causes_no_deadlock(ingestion: Ingestion, disk: Path) -> None:
    then = "while True: telemetry.event('more')"
    started = process(ingestion, disk, then=then)
    time.sleep(0.1)
    started.send_signal(signal.SIGTERM)
    assert ended(started)[0] == -signal.SIGTERM
