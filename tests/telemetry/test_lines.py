"""Log lines: finished texts, with the exception that they report."""

import logging
import sys
from typing import Any

import pytest

from shared.telemetry import lines
from shared.telemetry.events import Line


def record(*args: object, **members: Any) -> logging.LogRecord:
    made = logging.LogRecord("egl_ml.model", logging.ERROR, "", 0, "fell %s", args, members.pop("exc_info", None))
    made.__dict__.update(members)
    return made


def raised() -> Any:
    """The exception information of an error with a cause, inside a context."""
    try:
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise OSError("down") from error
    except OSError:
        return sys.exc_info()


def test_a_line_is_finished_when_it_is_told() -> None:
    fate = ["over"]
    line = lines.line(record(fate))
    fate.clear()
    assert (line.logger, line.message, line.level) == ("model", "fell ['over']", logging.ERROR)


def test_an_exception_comes_with_its_cause_the_outermost_first() -> None:
    line = lines.line(record("over", exc_info=raised()))
    assert [(each.type, each.message) for each in line.thrown] == [("OSError", "down"), ("KeyError", "'inner'")]
    assert line.thrown[0].frames[0].method == "raised"
    assert line.thrown[0].frames[0].file == __file__


def test_a_context_that_was_suppressed_is_not_told() -> None:
    try:
        try:
            raise KeyError("inner")
        except KeyError:
            raise OSError("down") from None
    except OSError:
        line = lines.line(record("over", exc_info=sys.exc_info()))
    assert [each.type for each in line.thrown] == ["OSError"]


def test_a_type_of_ours_is_told_with_its_module() -> None:
    class Odd(Exception):
        pass

    try:
        raise Odd
    except Odd:
        line = lines.line(record("over", exc_info=sys.exc_info()))
    assert line.thrown[0].type == f"{__name__}.{Odd.__qualname__}"


def test_a_line_without_an_exception_has_none() -> None:
    assert lines.line(record("over")).thrown == ()
    assert lines.line(record("over", exc_info=(None, None, None))).thrown == ()


def test_a_chain_without_end_is_cut() -> None:
    error = OSError("round and round")
    error.__context__ = ValueError()
    error.__context__.__context__ = error
    line = lines.line(record("over", exc_info=(OSError, error, None)))
    assert len(line.thrown) == lines.MOST_CAUSES


def test_a_deep_stack_keeps_its_innermost_frames() -> None:
    def deeper(left: int) -> None:
        if left == 0:
            raise ValueError
        deeper(left - 1)

    try:
        deeper(150)
    except ValueError:
        line = lines.line(record("over", exc_info=sys.exc_info()))
    frames = line.thrown[0].frames
    assert len(frames) == lines.MOST_FRAMES
    assert {frame.method for frame in frames} == {"deeper"}


def test_the_handler_hands_lines_on() -> None:
    told: list[Line] = []
    lines.Handler(told.append).handle(record("over"))
    assert [line.message for line in told] == ["fell over"]


def test_a_message_that_does_not_fit_its_arguments_raises_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    lines.Handler(lambda _: None).handle(record(1, 2))
    assert "not all arguments converted" in capsys.readouterr().err
