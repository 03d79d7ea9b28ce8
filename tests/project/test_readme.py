"""The README, the pages in docs/ and requests.http: their examples are run, and their links and names exist."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from shared.model import manifest
from tests.app import load_app
from tests.services import PROJECT, Service, serving

README = PROJECT / "README.md"
DOCS = PROJECT / "docs"
PAGES = {path.relative_to(PROJECT).as_posix(): path for path in (README, *sorted(DOCS.glob("*.md")))}
WITH_EXAMPLES = {name: PAGES[name] for name in ("README.md", "docs/migrate.md")}
REQUESTS = PROJECT / "tests" / "requests.http"
LOCAL = "http://localhost:7071"
DEMO = "scikit-learn's diabetes data"
END = "=== the end of one block"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """The deployed model with the example's settings, as `make run` serves it."""
    deployed = manifest.decode((PROJECT / "model" / "slr.json").read_bytes())
    if not deployed.training.data.startswith(DEMO):
        pytest.skip(f"the pages show the demo, and {deployed.name} is deployed")
    example = json.loads((PROJECT / "local.settings.json.example").read_text(encoding="utf-8"))
    with serving(example["Values"]) as running:
        yield running


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def examples(page: Path) -> list[tuple[str, str]]:
    """Return the page's blocks of curl commands, each with the JSON below it."""
    pattern = r"^```bash\n((?:(?:TOKEN=\$\()?curl .+\n)+)```\n\n```json\n(.+)\n```$"
    return re.findall(pattern, text(page), re.MULTILINE)


def output(service: Service, blocks: list[str]) -> list[str]:
    """Return what the blocks print when they are pasted into one shell in their order."""
    script = f"\necho; echo '{END}'\n".join([*blocks, ""]).replace(LOCAL, service.url)
    done = subprocess.run(["bash"], input=script, capture_output=True, text=True, check=True)
    return done.stdout.split(END)[: len(blocks)]


def comparable(response: str) -> Any:
    """Return a response without what differs from request to request, and from processor to processor."""
    body = json.loads(response, parse_float=lambda digits: float(f"{float(digits):.9g}"))
    del body["request_id"]
    body.get("model", {}).pop("version", None)
    return body


@pytest.mark.parametrize("page", WITH_EXAMPLES.values(), ids=WITH_EXAMPLES)
def test_the_curl_commands_print_what_the_page_shows(service: Service, page: Path) -> None:
    blocks, shown = zip(*examples(page), strict=True)
    printed = output(service, list(blocks))
    assert len(blocks) == 3
    assert [comparable(each) for each in printed] == [comparable(each) for each in shown]


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_the_targets_of_a_pages_links_exist(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)\s]+)\)", text(page))
    missing = [link for link in links if not resolves(page, link)]
    assert missing == []


def resolves(page: Path, link: str) -> bool:
    """Return true if the file of a relative link exists and has the heading in the link."""
    name, _, heading = link.partition("#")
    target = page.parent / name if name else page
    return target.exists() and (not heading or heading in anchors(text(target)))


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_anchors_are_those_of_github() -> None:
    assert anchors("# A\n## Versions of scikit-learn\n### `x.py`: two") == {"a", "versions-of-scikit-learn", "xpy-two"}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_make_target_on_a_page_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text(PROJECT / "Makefile"), re.MULTILINE))
    named = {target for line in commands(page) for target in re.findall(r"(?:^|&& )make ([a-z-]+)", line)}
    assert named - targets == set()


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_tool_on_a_page_exists_and_is_run_with_egl(page: Path) -> None:
    tools = {path.stem for path in (PROJECT / "tools").iterdir() if path.suffix in ("", ".py")}
    named = {tool for line in commands(page) for tool in re.findall(r"(?:\./|^)egl ([a-z-]+)", line)}
    assert named - tools == set()
    assert [line for line in commands(page) if "-m tools" in line] == []


def commands(page: Path) -> list[str]:
    """Return the lines of a page's shell blocks, and the code in its text."""
    fences = re.findall(r"^```(?:bash|text)\n(.*?)^```$", text(page), re.DOTALL | re.MULTILINE)
    return [line for fence in fences for line in fence.splitlines()] + re.findall(r"`([^`\n]+)`", text(page))


def test_every_route_of_the_api_is_in_the_readme_and_in_requests_http() -> None:
    with load_app({}) as app:
        routes = [(route.method, route.path) for route in app.routes if route.listed]
    assert len(routes) > 5
    assert [f"{method} {path}" for method, path in routes if f"`{method} {path}`" not in text(README)] == []
    assert [path for method, path in routes if f"{method} {{{{url}}}}{path}\n" not in text(REQUESTS)] == []


def test_the_requests_of_requests_http_succeed(service: Service) -> None:
    filled = text(REQUESTS).replace("{{url}}", service.url)
    filled = filled.replace("{{login.response.body.access_token}}", service.login())
    responses = [send(request) for request in filled.split("\n###")[1:]]
    assert {response.status_code for response in responses} == {200}


def send(request: str) -> httpx.Response:
    """Send one request of the file: a title, a line of method and URL, headers, and a body."""
    head, _, body = request.partition("\n")[2].strip().partition("\n\n")
    (method, url), *headers = (line.split(maxsplit=1) for line in head.splitlines() if not line.startswith("#"))
    return httpx.request(method, url, headers={name.rstrip(":"): value for name, value in headers}, content=body)


def test_the_page_on_models_explains_every_member_of_the_manifest() -> None:
    page = text(DOCS / "models.md")
    kinds = [each for each in vars(manifest).values() if isinstance(each, type)]
    structs = [each for each in kinds if issubclass(each, msgspec.Struct) and each is not msgspec.Struct]
    members = {member.encode_name for each in structs for member in msgspec.structs.fields(each)}
    assert {member for member in members if f"`{member}`" not in page} == set()


def test_the_page_on_models_has_every_refusal() -> None:
    page = text(DOCS / "models.md")
    refusals = [words for path in sorted((PROJECT / "tools" / "model").glob("*.py")) for words in refused(path)]
    assert len(refusals) > 30
    assert [words for words in refusals if words not in page] == []


def refused(path: Path) -> Iterator[str]:
    """Yield the longest constant part of each message with which a module refuses a model."""
    calls = [each for each in ast.walk(ast.parse(text(path))) if isinstance(each, ast.Call)]
    for call in calls:
        if isinstance(call.func, ast.Name) and call.func.id == "Refused":
            parts = [each.value for each in ast.walk(call.args[0]) if isinstance(each, ast.Constant)]
            yield max((part.strip() for part in parts if isinstance(part, str)), key=len, default="")
