"""Flush telemetry at exit, within a time limit.

Azure does not document that a stopping instance receives SIGTERM. What protects telemetry there is that it is sent
every second. This is for the last second, where the signal does arrive.
"""

import atexit
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

EXIT_SECONDS = 2.0

type Finish = Callable[[float], object]
"""Takes a time limit in seconds."""


def arrange(on_signal: Finish, at_exit: Finish) -> None:
    """Call `on_signal` when SIGTERM arrives, before the handler that was there, and `at_exit` at the end.

    Off the main thread Python accepts no signal handlers; then only `at_exit` is called.
    """
    atexit.register(at_exit, EXIT_SECONDS)
    if threading.current_thread() is threading.main_thread():
        with suppress(ValueError, OSError):
            _chain(on_signal)


def _chain(finish: Finish) -> None:
    former = signal.getsignal(signal.SIGTERM)
    if former is None or former is signal.SIG_IGN:  # not Python's handler, or SIGTERM is ignored
        return

    def finish_first(number: int, frame: FrameType | None) -> None:
        with suppress(Exception):
            finish(EXIT_SECONDS)
        if callable(former):
            former(number, frame)
        else:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, finish_first)
