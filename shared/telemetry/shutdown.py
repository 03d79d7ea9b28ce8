"""What is still to be done when the process ends: tell the rest, within a limit.

Nothing shows that an instance that Azure stops gets SIGTERM; what protects telemetry there is that it is sent every
second. This is for the last second, where the signal does come.
"""

import atexit
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

EXIT_SECONDS = 2.0

type Finish = Callable[[float], object]


def arrange(on_signal: Finish, at_exit: Finish) -> None:
    """Call `on_signal` when SIGTERM comes, before whatever is done then, and `at_exit` at the end; both with a limit.

    Off the main thread Python lets nobody handle signals; then there is `at_exit` alone.
    """
    atexit.register(at_exit, EXIT_SECONDS)
    if threading.current_thread() is threading.main_thread():
        with suppress(ValueError, OSError):
            _chain(on_signal)


def _chain(finish: Finish) -> None:
    before = signal.getsignal(signal.SIGTERM)
    if before is None or before is signal.SIG_IGN:  # not Python's, or nobody wants to end
        return

    def finished_first(number: int, frame: FrameType | None) -> None:
        with suppress(Exception):
            finish(EXIT_SECONDS)
        if callable(before):
            before(number, frame)
        else:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, finished_first)
