"""A run that ends early, however it ends, continues where it stopped; and nothing is lost or scored twice."""

import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.services import Service
from tests.tools.score.conftest import Score, start, table
from tests.tools.score.fake_service import FakeService, dropped, predictions
from tools import score
from tools.score.state import State

ROWS = "x,id\n" + "".join(f"{'half' if i % 50 == 7 else i / 1000},{i}\n" for i in range(1_000))


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(ROWS)
    return path


def expected(service: Service, rows: Path) -> tuple[bytes, bytes]:
    """Return the output and the rejected rows of a run that nothing interrupts."""
    out = rows.parent / "whole.csv"
    process = start(rows, "--url", service.url, "--out", out)
    process.communicate()
    assert process.returncode == score.REJECTED
    return out.read_bytes(), (rows.parent / "whole.rejected.csv").read_bytes()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def done(out: Path) -> int:
    """Return the number of rows that the state beside an output has."""
    path = out.with_name(f"{out.name}.state.json")
    return msgspec.json.decode(path.read_bytes(), type=State).rows if path.exists() else 0


def interrupted(process: "subprocess.Popen[str]", out: Path, rows: int, number: signal.Signals) -> tuple[int, str]:
    """Wait until a run has done some rows, and send it a signal. Returns the exit code and stderr."""
    wait_for(lambda: done(out) >= rows)
    process.send_signal(number)
    _, error = process.communicate()
    return process.returncode, error


def test_a_run_that_is_killed_twice_gives_the_same_output_in_the_end(rows: Path, service: Service) -> None:
    output, rejected = expected(service, rows)
    out = rows.parent / "scored.csv"
    command = (rows, "--url", service.url, "--out", out, "--rows", "1", "--resume")
    for at in (30, 300):
        assert interrupted(start(*command), out, at, signal.SIGKILL)[0] == -signal.SIGKILL
        with out.open("ab") as file:
            file.write(b"a part of a row" * 10_000)  # more than the rows that follow
    process = start(*command)
    process.communicate()
    assert process.returncode == score.REJECTED
    assert out.read_bytes() == output
    assert (rows.parent / "scored.rejected.csv").read_bytes() == rejected
    assert not (rows.parent / "scored.csv.state.json").exists()


def test_ctrl_c_stops_at_once_with_a_line_and_the_run_continues(rows: Path, fake: FakeService) -> None:
    fake.delay = 0.02
    rows.write_text(ROWS.replace("half", "0"))
    out = rows.parent / "scored.csv"
    command = (rows, "--url", fake.url, "--out", out, "--rows", "50", "--at-once", "1")
    code, error = interrupted(start(*command), out, 100, signal.SIGINT)
    assert (code, error) == (score.STOPPED, "Stopped. The same command with --resume continues.\n")
    fake.delay = 0
    process = start(*command, "--resume")
    process.communicate()
    assert process.returncode == score.ALL
    assert [int(row["id"]) for row in table(out)] == list(range(1_000))


def test_ctrl_c_does_not_wait_for_a_response(rows: Path, fake: FakeService) -> None:
    fake.faults = [predictions]
    fake.always = lambda service, instances: time.sleep(20)
    rows.write_text("x\n" + "0\n" * 100)
    out = rows.parent / "scored.csv"
    process = start(rows, "--url", fake.url, "--out", out, "--rows", "10", "--at-once", "2")
    started = time.monotonic()
    assert interrupted(process, out, 10, signal.SIGINT)[0] == score.STOPPED
    assert time.monotonic() - started < 15, "the response would come after 20 s"


def test_a_full_disk_stops_the_run_and_it_continues_with_more_space(rows: Path, service: Service) -> None:
    """A limit for the size of files stands for the disk's."""
    output, _ = expected(service, rows)
    out = rows.parent / "scored.csv"
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (len(output) // 2, len(output) // 2))  # noqa: E731
    command = (rows, "--url", service.url, "--out", out, "--rows", "10")
    process = start(*command, preexec_fn=limit)
    _, error = process.communicate()
    assert process.returncode == score.STOPPED
    assert "scored.csv cannot be written: File too large. The same command with --resume continues." in error
    process = start(*command, "--resume")
    process.communicate()
    assert out.read_bytes() == output


def test_two_runs_do_not_write_the_same_output(rows: Path, fake: FakeService) -> None:
    rows.write_text("x\n" + "0\n" * 100)
    fake.delay = 0.05
    out = rows.parent / "scored.csv"
    command = (rows, "--url", fake.url, "--out", out, "--rows", "2", "--at-once", "1")
    first = start(*command)
    wait_for(lambda: done(out) >= 2)
    for option, message in (
        ("--resume", "Another run writes"),
        ("--overwrite", "Another run writes"),
        ("", "continue it with --resume, or replace it with --overwrite"),
    ):
        second = start(*command, *filter(None, [option]))
        assert message in second.communicate()[1]
        assert second.returncode == score.REFUSED
    fake.delay = 0
    first.communicate()
    assert first.returncode == score.ALL
    assert len(table(out)) == 100


@pytest.fixture
def stopped(run: Score, fake: FakeService) -> str:
    """The content of an input whose run stopped after two of four rows."""
    content = "x\n0\n1\n2\n3\n"
    fake.faults = [predictions, dropped]
    assert run(fake.url, content, "--rows", "2", "--at-once", "1", "--wait", "0") == score.STOPPED
    return content


def test_a_run_continues_with_another_size_of_requests(
    run: Score, fake: FakeService, stopped: str, tmp_path: Path
) -> None:
    assert run(fake.url, stopped, "--rows", "1", "--resume") == score.ALL
    assert [row["y"] for row in table(tmp_path / "scored.csv")] == ["1.0", "3.0", "5.0", "7.0"]


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (("3", "4"), (), "the input file has other content"),
        (("3", "3\n4"), (), "the input file has other content"),
        (("", ""), ("--name", "z"), '--name was "" and is "z"'),
        (("", ""), ("--decimal", ","), '--decimal was "." and is ","'),
        (("", ""), ("--encoding", "cp1252"), '--encoding was "" and is "cp1252"'),
    ],
)
def test_a_run_does_not_continue_with_something_else(
    run: Score,
    fake: FakeService,
    stopped: str,
    capsys: pytest.CaptureFixture[str],
    change: tuple[str, str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    assert run(fake.url, stopped.replace(*change), *arguments, "--resume") == score.REFUSED
    assert f"The run cannot continue: {message}. To begin again: --overwrite." in capsys.readouterr().err


@pytest.mark.parametrize("damage", [b"{", b"[]"])
def test_a_damaged_state_is_refused(run: Score, fake: FakeService, stopped: str, tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "scored.csv.state.json").write_bytes(damage)
    assert run(fake.url, stopped, "--resume") == score.REFUSED


def test_an_output_that_has_lost_rows_is_refused(run: Score, fake: FakeService, stopped: str, tmp_path: Path) -> None:
    (tmp_path / "scored.csv").write_text("y\n")
    assert run(fake.url, stopped, "--resume") == score.REFUSED


def test_resume_begins_a_run_that_never_began(run: Score, fake: FakeService) -> None:
    assert run(fake.url, "x\n0\n", "--resume") == score.ALL


def test_a_run_without_resume_names_the_one_that_did_not_end(
    run: Score, fake: FakeService, stopped: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(fake.url, stopped) == score.REFUSED
    assert "of a run that did not end: continue it with --resume" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ('0,"b\n0,c\n', "unexpected end of data"),
        ('0,"' + "b" * (11 * 1024 * 1024), "field larger than field limit (10485760)"),
    ],
    ids=["short", "long"],
)
def test_a_quote_that_is_not_closed_swallows_no_rows(
    run: Score,
    fake: FakeService,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    damage: str,
    message: str,
) -> None:
    content = "x,id\n" + "0,a\n" * 25 + damage
    assert run(fake.url, content, "--rows", "10") == score.STOPPED
    assert f"line 27: {message} (a quote may not be closed). The rows before it are scored." in capsys.readouterr().err
    assert len(table(tmp_path / "scored.csv")) == 25
