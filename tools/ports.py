"""Ports of this machine: free ones, one after the other."""

import socket

LAST = 65_535


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return true if a server could listen on the port now. 0 is always free: the system chooses."""
    if not 0 <= port <= LAST:
        return False
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port), family=family).close()
    except OSError:
        return False
    return True


def next_free(port: int, count: int = 1) -> int:
    """Return the first port from `port` on that is free with those after it, `count` in all; 0 when there is none."""
    candidates = range(port, LAST - count + 2)
    return next((first for first in candidates if all(is_free(first + i) for i in range(count))), 0)
