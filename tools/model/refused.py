"""The one error of this tool: what was given cannot be served, said in one line."""

from collections.abc import Iterable

MOST_NAMES = 20  # names listed in one line


class Refused(Exception):
    """The estimator or its data cannot be adopted. The message is one line for the person who asked."""


def one_line(error: BaseException) -> str:
    """An exception's type and message without line breaks, at most 300 characters."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def listed(names: Iterable[str]) -> str:
    """Names for people, separated by commas; after the first 20 only their number."""
    every = list(names)
    more = f" and {len(every) - MOST_NAMES} more" if len(every) > MOST_NAMES else ""
    return ", ".join(every[:MOST_NAMES]) + more
