"""A pause after a failure, in which nobody tries again."""

import time
from collections.abc import Callable


class Cooldown:
    """A pause of `seconds` that starts when `start` is called. Before the first start it is over."""

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._now = now
        self._ends_at = float("-inf")

    @property
    def active(self) -> bool:
        """True until the pause is over."""
        return self._now() < self._ends_at

    @property
    def remaining(self) -> float:
        """Seconds until the pause is over; 0.0 afterwards."""
        return max(0.0, self._ends_at - self._now())

    def start(self, seconds: float | None = None) -> None:
        """Start the pause, or start it anew; `seconds` replaces the usual length once."""
        self._ends_at = self._now() + (self.seconds if seconds is None else seconds)

    def end(self) -> None:
        """End the pause early."""
        self._ends_at = float("-inf")
