"""docs/security.md: each promise in its table names a test that exists, and each setting on the page is declared."""

import ast
import re
from pathlib import Path

import pytest

from shared.settings import DECLARED

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_promise_has_a_test() -> None:
    assert [int(number) for number, _, _ in ROWS] == list(range(1, len(ROWS) + 1))
    assert len(ROWS) >= 30
    assert [promise for _, promise, tests in ROWS if "::test_" not in tests] == []


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_the_test_of_a_promise_exists(file: str, name: str) -> None:
    assert name in functions(TESTS / file)


def test_the_page_names_the_limit_of_the_password_grant_and_every_setting_of_the_alternative() -> None:
    assert "RFC 9700 (§2.4)" in PAGE
    assert {"OIDC_ISSUER", "OIDC_AUDIENCE", "OIDC_REQUIRED_SCOPE", "LOCAL_TOKENS"} <= set(re.findall(r"`(\w+)`", PAGE))


def test_every_setting_on_the_page_is_declared() -> None:
    named = {name for name in re.findall(r"`([A-Z][A-Z_]+)`", PAGE) if "_" in name}
    assert named <= set(DECLARED)
