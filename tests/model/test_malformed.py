"""Bodies that are not JSON: each mistake has its own sentence, with its place."""

import msgspec
import pytest

from shared.model import malformed, schemas
from shared.model.manifest import Number
from shared.problems import MalformedJson
from tests.models import manifest

TYPES = schemas.build(manifest([Number(name="bmi", range=(0.0, 9.0))]))
LONG = "x" * 5_000


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The body is empty. A chunked body arrives empty on Azure: send Content-Length"),
        (b" \n", "The body is empty. A chunked body arrives empty on Azure: send Content-Length"),
        (
            b'{"instances":[{"bmi":NaN}]}',
            "The body is not JSON: NaN is no value, send null or a number (line 1, column 22, byte 21)",
        ),
        (
            b'{"instances":[{"bmi":-Infinity}]}',
            "The body is not JSON: -Infinity is no value, send null or a number (line 1, column 23, byte 22)",
        ),
        (
            b'{"instances":[{"bmi":None}]}',
            "The body is not JSON: None is no value, send null (line 1, column 22, byte 21)",
        ),
        (
            b'{"instances":[{"bmi":True}]}',
            "The body is not JSON: True is no value, send true (line 1, column 22, byte 21)",
        ),
        (
            b'{"instances": [\n  {"bmi": 1},\n]}',
            "The body is not JSON: there is a comma before the closing bracket (line 3, column 1, byte 30)",
        ),
        (
            b'{"instances":[{"bmi":1,}]}',
            "The body is not JSON: there is a comma before the closing brace (line 1, column 24, byte 23)",
        ),
        (
            b"{'instances':[]}",
            "The body is not JSON: texts and names need double quotes (line 1, column 2, byte 1)",
        ),
        (b"{instances:[]}", "The body is not JSON: a name in double quotes is expected (line 1, column 2, byte 1)"),
        (b'{"instances" []}', "The body is not JSON: ':' is expected (line 1, column 14, byte 13)"),
        (b'{"instances":[{"bmi":1}', "The body ends before its JSON does: line 1, column 24, byte 23"),
        (
            b'{"instances":[{"bmi":1}]} }',
            "The body is not JSON: there is more after the end (line 1, column 28, byte 27)",
        ),
        (
            b'{"instances":[{"bmi":01}]}',
            "The body is not JSON: a number has another form in JSON (line 1, column 23, byte 22)",
        ),
        (b'{"instances":[{"bmi":"\xff"}]}', "The body is not UTF-8 text: line 1, column 23, byte 22"),
        ('{"instances":[]}'.encode("utf-16"), "The body is not UTF-8 text: line 1, column 1, byte 0"),
        (b"bmi=1&age=2", "The body looks like a form, and is declared as JSON"),
        (b"bmi,age\n1,2\n", 'The body looks like CSV, and is declared as JSON: send {"instances": [{…}]}'),
        (b"[" * 100_000, "The body is nested too deeply"),
    ],
    ids=lambda value: repr(value)[:30] if isinstance(value, bytes) else "",
)
def test_the_detail_names_the_mistake_and_its_place(body: bytes, detail: str) -> None:
    with pytest.raises(MalformedJson) as caught:
        TYPES.decode(body)
    assert caught.value.detail == detail


def test_a_byte_order_mark_is_skipped() -> None:
    body = malformed.BYTE_ORDER_MARK + msgspec.json.encode({"instances": [{"bmi": 1.0}]})
    assert len(TYPES.decode(body)) == 1


@pytest.mark.parametrize(
    "body", [LONG, "{" + LONG, f'{{"{LONG}": {LONG}}}', f"{LONG}={LONG}"], ids=lambda text: text[:3]
)
def test_a_detail_repeats_no_long_text_of_the_body(body: str) -> None:
    assert len(malformed.reason(body.encode())) < 200
