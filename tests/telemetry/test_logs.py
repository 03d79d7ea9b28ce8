"""Log records as telemetry items: formatted at once, with the exception that they report."""

import logging
import sys
from typing import Any

import pytest

from shared.telemetry import logs
from shared.telemetry.events import Line


def record(*args: object, **members: Any) -> logging.LogRecord:
    result = logging.LogRecord("egl_ml.model", logging.ERROR, "", 0, "failed %s", args, members.pop("exc_info", None))
    result.__dict__.update(members)
    return result


def raised() -> Any:
    """Return the exception information of an error with a cause."""
    try:
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise OSError("down") from error
    except OSError:
        return sys.exc_info()


def test_a_message_is_formatted_at_once() -> None:
    parts = ["before"]
    line = logs.line(record(parts))
    parts.clear()
    assert (line.logger, line.message, line.level) == ("model", "failed ['before']", logging.ERROR)


def test_an_exception_comes_with_its_cause_the_outermost_first() -> None:
    line = logs.line(record("twice", exc_info=raised()))
    assert [(thrown.type, thrown.message) for thrown in line.thrown] == [("OSError", "down"), ("KeyError", "'inner'")]
    assert line.thrown[0].frames[0].method == "raised"
    assert line.thrown[0].frames[0].file == __file__


def test_a_suppressed_context_is_left_out() -> None:
    try:
        try:
            raise KeyError("inner")
        except KeyError:
            raise OSError("down") from None
    except OSError:
        line = logs.line(record("twice", exc_info=sys.exc_info()))
    assert [thrown.type for thrown in line.thrown] == ["OSError"]


def test_a_type_has_the_name_of_its_module() -> None:
    class Odd(Exception):
        pass

    try:
        raise Odd
    except Odd:
        line = logs.line(record("twice", exc_info=sys.exc_info()))
    assert line.thrown[0].type == f"{__name__}.{Odd.__qualname__}"


def test_a_line_without_an_exception_has_none() -> None:
    assert logs.line(record("twice")).thrown == ()
    assert logs.line(record("twice", exc_info=(None, None, None))).thrown == ()


def test_an_endless_chain_is_cut() -> None:
    error = OSError("round and round")
    error.__context__ = ValueError()
    error.__context__.__context__ = error
    line = logs.line(record("twice", exc_info=(OSError, error, None)))
    assert len(line.thrown) == logs.MAX_CAUSES


def test_a_deep_stack_keeps_its_innermost_frames() -> None:
    def deeper(left: int) -> None:
        if left == 0:
            raise ValueError
        deeper(left - 1)

    try:
        deeper(150)
    except ValueError:
        line = logs.line(record("twice", exc_info=sys.exc_info()))
    frames = line.thrown[0].frames
    assert len(frames) == logs.MAX_FRAMES
    assert {frame.method for frame in frames} == {"deeper"}


def test_the_handler_sends_lines() -> None:
    sent: list[Line] = []
    logs.LineHandler(sent.append).handle(record("twice"))
    assert [line.message for line in sent] == ["failed twice"]


def test_a_message_that_does_not_fit_its_arguments_raises_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    logs.LineHandler(lambda _: None).handle(record(1, 2))
    assert "not all arguments converted" in capsys.readouterr().err
