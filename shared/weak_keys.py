"""Signing keys that somebody can guess: no randomness, or words instead of it."""

import re

MIN_DIFFERENT_BYTES = 8
MIN_LEFT = 16  # characters that are left of a key without well-known words
WORDS = re.compile(
    "change|replace|please|secret|passw(?:or)?d|passphrase|token|signing|signature|super|very|long|example|sample|"
    "default|admin|test|demo|dummy|insecure|unsafe|random|production|development|staging|local|service|azure|"
    "function|jwt|hmac|hs256|key|egl|ml|my|your|our|the|this|that|with|for|and|not|use|only|me|at|least|bytes|"
    "characters|qwerty|azerty|asdf|zxcv|abcdefghijklmnopqrstuvwxyz|abcdef|abc|xyz|0123456789|1234567890|123456|"
    r"12345|1234|123|[^a-z0-9]",
)


def is_weak(key: str) -> bool:
    """Return true for a key of few different bytes, of a repeated block, or of well-known words.

    Keys that `openssl rand -hex 32`, `openssl rand -base64 32` and `./egl settings` print are never weak.
    """
    if len(set(key.encode())) < MIN_DIFFERENT_BYTES or _is_repeated(key):
        return True
    return len(WORDS.sub("", key.lower())) < MIN_LEFT


def _is_repeated(key: str) -> bool:
    """Return true when the key is one block at least twice."""
    return key in (key + key)[1:-1]
