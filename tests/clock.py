"""A clock that the test moves."""


class Clock:
    """Returns `time` until the test changes it."""

    def __init__(self, time: float = 1_800_000_000.0) -> None:
        self.time = time

    def __call__(self) -> float:
        return self.time
