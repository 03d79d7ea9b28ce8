"""The host's span of a request, as W3C trace context (https://www.w3.org/TR/trace-context/)."""

import os
import re

# Version ff and ids of zeros are invalid; only a version later than 00 may carry more after the flags.
TRACEPARENT = re.compile(
    r"(?:00|(?P<later>(?!00|ff)[0-9a-f]{2}))-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-(?P<flags>[0-9a-f]{2})"
    r"(?(later)(?:-.*)?)"
)


def continued(traceparent: str) -> str | None:
    """The traceparent of a new span in the caller's trace, or None when the caller's traceparent is not valid."""
    caller = TRACEPARENT.fullmatch(traceparent)
    return f"00-{caller['trace']}-{os.urandom(8).hex()}-{caller['flags']}" if caller else None


def started() -> str:
    """The traceparent of the first span of a new, sampled trace."""
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"
