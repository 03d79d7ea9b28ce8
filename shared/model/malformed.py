"""The reason why a body is not JSON, for people who send one by mistake. Never repeats more than a word of it."""

import re

import msgspec

EMPTY = "The body is empty. A chunked body arrives empty on Azure: send Content-Length"
TOO_DEEP = "The body is nested too deeply"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
FORM = re.compile(rb"[\w.%+-]+=[^{}\n]*")
CSV = re.compile(rb"[^{}\[\]:\n]+[,;\t][^{}\[\]:\n]*(\r?\n|$)")
NOT_A_NUMBER = re.compile(rb"-?(NaN|Infinity|nan|inf|undefined|None|True|False)\b")
BYTE = re.compile(r"(.*) \(byte (\d+)\)")
WORDS = {"None": "null", "True": "true", "False": "false"}
EXPECTED = {
    "trailing comma in array": "there is a comma before the closing bracket",
    "trailing comma in object": "there is a comma before the closing brace",
    "trailing characters": "there is more after the end",
    "expected '\"'": "a name in double quotes is expected",
    "invalid number": "a number has another form in JSON",
    "invalid escaped character": "a backslash in a text must be written as two",
}
"""msgspec's reason → ours."""


def without_mark(body: bytes) -> bytes:
    """Return the body without a byte order mark, which some editors and .NET write."""
    return body.removeprefix(BYTE_ORDER_MARK)


def reason(body: bytes) -> str:
    """Return the reason why `body`, which could not be decoded, is not JSON: one sentence with its place."""
    if not body.strip():
        return EMPTY
    try:
        body.decode()
        msgspec.json.decode(body, type=msgspec.Raw)
    except UnicodeDecodeError as error:
        return f"The body is not UTF-8 text: {_place(body, error.start)}"
    except RecursionError:
        return TOO_DEEP
    except msgspec.DecodeError as error:
        return _looks_like(body) or _malformed(body, str(error))
    return TOO_DEEP  # the body as a whole is JSON, and a type that was decoded from it was not


def _looks_like(body: bytes) -> str:
    start = body.lstrip()[:1_000]
    if FORM.fullmatch(start):
        return "The body looks like a form, and is declared as JSON"
    if CSV.match(start):
        return 'The body looks like CSV, and is declared as JSON: send {"instances": [{…}]}'
    return ""


def _malformed(body: bytes, message: str) -> str:
    match = BYTE.fullmatch(message.removeprefix("JSON is malformed: "))
    if match is None:  # the input is truncated
        return f"The body ends before its JSON does: {_place(body, len(body))}"
    found, offset = match[1], int(match[2])
    constant = NOT_A_NUMBER.match(body, max(0, offset - 1)) or NOT_A_NUMBER.match(body, offset)  # a minus first
    if constant:
        word = constant[1].decode()
        wanted = WORDS.get(word, "null or a number")
        return f"The body is not JSON: {constant[0].decode()} is no value, send {wanted} ({_place(body, offset)})"
    if body[offset : offset + 1] == b"'":
        return f"The body is not JSON: texts and names need double quotes ({_place(body, offset)})"
    return f"The body is not JSON: {_expected(found)} ({_place(body, offset)})"


def _expected(found: str) -> str:
    if found.startswith("expected ") and found not in EXPECTED:
        return f"{found.removeprefix('expected ')} is expected"
    return EXPECTED.get(found, "a value or a closing bracket is expected")


def _place(body: bytes, offset: int) -> str:
    """Return a place in the body for people: line and column from 1, and the byte from 0."""
    line_start = body.rfind(b"\n", 0, offset) + 1
    line, column = body.count(b"\n", 0, offset) + 1, offset - line_start + 1
    return f"line {line}, column {column}, byte {offset}"
