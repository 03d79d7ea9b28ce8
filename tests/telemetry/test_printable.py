"""Texts of callers in logs: what is invisible or reorders characters is escaped, what people write is not."""

import pytest

from shared.telemetry import printable


@pytest.mark.parametrize("text", ["abi", "Zoë → 3 °C", "山田 太郎", "émile o'neil", "\N{PILE OF POO}"])
def test_printable_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a\r\nb", r"a\x0d\x0ab"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("admin\N{ZERO WIDTH SPACE}", r"admin\u200b"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}nimda", r"\u202enimda"),
        ("a\N{LEFT-TO-RIGHT ISOLATE}b", r"a\u2066b"),
        ("a\N{LINE SEPARATOR}b", r"a\u2028b"),
        ("a\N{NO-BREAK SPACE}b", r"a\xa0b"),
        ("a\N{TAG LATIN SMALL LETTER A}", r"a\U000e0061"),
    ],
    ids=ascii,
)
def test_what_is_invisible_or_reorders_is_escaped(text: str, escaped: str) -> None:
    assert printable(text) == escaped
