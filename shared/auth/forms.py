"""Unicode forms of names and passwords: the same characters may be composed (NFC) or decomposed (NFD)."""

import unicodedata
from collections.abc import Sequence


def normal(text: str) -> str:
    """Return the composed form, in which names and passwords are stored (RFC 8265 §3.4 and §4.2)."""
    return unicodedata.normalize("NFC", text)


def forms(text: str) -> Sequence[str]:
    """Return the composed form, and the text as it was typed if it is another: some users were stored so."""
    return list(dict.fromkeys([normal(text), text]))
