"""Route templates are parsed and matched as in ASP.NET Core."""

import pytest

from tools.errors import HostError
from tools.host.routes import Routes, compile_route, decode_path

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def match(template: str, path: str) -> dict[str, str] | None:
    return compile_route("f", template, None).match("GET", path)


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("int", ["0", "-7", "+7", "2147483647", "-2147483648"]),
        ("long", ["2147483648", "9223372036854775807", "-9223372036854775808"]),
        ("bool", ["true", "FALSE", "True"]),
        ("guid", [GUID, GUID.upper(), GUID.replace("-", ""), f"{{{GUID}}}", f"({GUID})"]),
        ("alpha", ["a", "Word"]),
        ("length(3)", ["abc"]),
        ("length(2,3)", ["ab", "abc"]),
        ("minlength(2)", ["ab", "a" * 500]),
        ("maxlength(2)", ["a", "ab"]),
        ("min(5)", ["5", "6"]),
        ("max(5)", ["5", "-100"]),
        ("range(5,7)", ["5", "7"]),
        (r"regex(^\d{{3}}-[a-z]+$)", ["123-abc", "123-ABC"]),
        ("regex(b+)", ["abba"]),
        ("double", ["1", "-1.5", "1e10", ".5"]),
        ("required", ["x"]),
        ("int:min(1):max(9)", ["1", "9"]),
        ("INT", ["1"]),
    ],
)
def test_a_value_that_meets_its_constraint_matches(constraint: str, values: list[str]) -> None:
    assert [match(f"x/{{p:{constraint}}}", f"/x/{value}") for value in values] == [{"p": value} for value in values]


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("int", ["x", "1.0", "1_000", "٣", "2147483648", "-2147483649", "9" * 5000]),
        ("long", ["9223372036854775808", "-9223372036854775809"]),
        ("bool", ["1", "yes"]),
        ("guid", [GUID[:-1], f"{{{GUID}", f"{GUID})", "x"]),
        ("alpha", ["a1", "é"]),
        ("length(3)", ["ab", "abcd"]),
        ("length(2,3)", ["a", "abcd"]),
        ("minlength(2)", ["a"]),
        ("maxlength(2)", ["abc"]),
        ("min(5)", ["4", "x"]),
        ("max(5)", ["6", "x"]),
        ("range(5,7)", ["4", "8"]),
        (r"regex(^\d{{3}}-[a-z]+$)", ["1234-abc", "123-"]),
        ("double", ["x", "1e"]),
        ("int:min(1):max(9)", ["0", "10"]),
    ],
)
def test_a_value_that_does_not_meet_its_constraint_does_not_match(constraint: str, values: list[str]) -> None:
    assert [match(f"x/{{p:{constraint}}}", f"/x/{value}") for value in values] == [None] * len(values)


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("a/b", "/A/B/", {}),
        ("a/{x}", "/a/B%20", {"x": "B%20"}),
        ("{x?}", "/", {}),
        ("a/{x?}", "/a/", {}),
        ("a/{x?}/{y?}", "/a/1", {"x": "1"}),
        ("a/{*rest}", "/a/", {}),
        ("a/{*rest}", "/a/b//c/", {"rest": "b//c/"}),
        ("a/{**rest}", "/a/b/c", {"rest": "b/c"}),
        ("a/{*rest:maxlength(3)}", "/a/b/c", {"rest": "b/c"}),
        ("{name}.{kind}", "/a.tar.gz", {"name": "a.tar", "kind": "gz"}),
        ("v{number:int}", "/V2", {"number": "2"}),
        ("/a", "/a", {}),
    ],
)
def test_a_path_matches(template: str, path: str, values: dict[str, str]) -> None:
    assert match(template, path) == values


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("a/b", "/a"),
        ("a/b", "/a/b/c"),
        ("a/b", "/a//b"),
        ("a/b", "/a/b//"),
        ("a.b", "/axb"),
        ("a/{x}", "/a/"),
        ("a/{x}", "/a/b/c"),
        ("a/{*rest}", "/a//b"),
        ("a/{*rest}", "/ab"),
        ("{name}.{kind}", "/a."),
    ],
)
def test_a_path_does_not_match(template: str, path: str) -> None:
    assert match(template, path) is None


@pytest.mark.parametrize(
    "template",
    [
        "{x",
        "x}",
        "{}",
        "{x=5}",
        "{a}.{b?}",
        "a{*rest}",
        "{x:odd}",
        "{x:length(a)}",
        "{x:min}",
        "{x:int(1)}",
        "{x:regex(()}",
    ],
)
def test_a_template_that_is_not_supported_is_refused_with_the_functions_name(template: str) -> None:
    with pytest.raises(HostError, match=r"^Function f: the route "):
        compile_route("f", template, None)


def test_a_route_matches_its_own_methods_only() -> None:
    route = compile_route("f", "a", ["get", "Post"])
    assert [route.match(method, "/a") for method in ("GET", "POST", "PUT")] == [{}, {}, None]


def test_a_wrong_method_leaves_the_request_to_the_next_function() -> None:
    routes = Routes([compile_route("b", "{x}", None), compile_route("a", "{x}", ["POST"])])
    result = routes.find("GET", b"/1")
    assert result is not None
    assert result[0].function_name == "b"


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"/a%20b%C3%BC", "/a bü"),
        (b"/a%2Fb%2fc", "/a%2Fb%2fc"),
        (b"/a/./b/../c", "/a/c"),
        (b"/a/b/..", "/a/"),
        (b"/a/.", "/a/"),
        (b"/../../a", "/a"),
        (b"/%2e%2e/a", "/a"),
        (b"/.hidden/..a", "/.hidden/..a"),
    ],
)
def test_a_path_is_decoded_as_in_kestrel(raw: bytes, path: str) -> None:
    assert decode_path(raw) == path
