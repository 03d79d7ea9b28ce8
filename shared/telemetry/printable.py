"""Texts of callers in logs: nothing in them can forge a line, drive a terminal, or hide and reorder characters."""


def printable(text: str) -> str:
    r"""Return `text` on one line, with invisible, bidirectional and control characters as \x or \u escapes."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escaped(ord(character)) for character in text)


def _escaped(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
