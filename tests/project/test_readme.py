"""The README, the pages in docs/ and requests.http: what they show is what happens, and what they name is there."""

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
from shared.endpoint import declared

import function_app
from shared import manifest
from tests.services import PROJECT, Service, serving

README = PROJECT / "README.md"
DOCS = PROJECT / "docs"
PAGES = {path.relative_to(PROJECT).as_posix(): path for path in (README, *sorted(DOCS.glob("*.md")))}
TRIED = {name: PAGES[name] for name in ("README.md", "docs/migrate.md")}
REQUESTS = PROJECT / "tests" / "requests.http"
LOCAL = "http://localhost:7071"
DEMO = "scikit-learn's diabetes data"
END = "=== the end of one block"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """The deployed model with the settings of the example, as `make run` serves it."""
    deployed = manifest.decode((PROJECT / "model" / "slr.json").read_bytes())
    if not deployed.training.data.startswith(DEMO):
        pytest.skip(f"the pages show the demo, and {deployed.name} is deployed")
    example = json.loads((PROJECT / "local.settings.json.example").read_text(encoding="utf-8"))
    with serving(example["Values"]) as running:
        yield running


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def calls(page: Path) -> list[tuple[str, str]]:
    """The page's blocks of curl lines, each with the JSON that stands below it."""
    pattern = r"^```bash\n((?:(?:TOKEN=\$\()?curl .+\n)+)```\n\n```json\n(.+)\n```$"
    return re.findall(pattern, text(page), re.MULTILINE)


def answered(service: Service, blocks: list[str]) -> list[str]:
    """What the blocks print, pasted into one shell in their order."""
    script = f"\necho; echo '{END}'\n".join([*blocks, ""]).replace(LOCAL, service.url)
    done = subprocess.run(["bash"], input=script, capture_output=True, text=True, check=True)
    return done.stdout.split(END)[: len(blocks)]


def comparable(answer: str) -> Any:
    """An answer without what differs from request to request, and from processor to processor."""
    found = json.loads(answer, parse_float=lambda digits: float(f"{float(digits):.9g}"))
    del found["request_id"]
    found.get("model", {}).pop("version", None)
    return found


@pytest.mark.parametrize("page", TRIED.values(), ids=TRIED)
def test_the_curl_lines_answer_what_the_page_shows(service: Service, page: Path) -> None:
    blocks, shown = zip(*calls(page), strict=True)
    got = answered(service, list(blocks))
    assert len(blocks) == 3
    assert [comparable(each) for each in got] == [comparable(each) for each in shown]


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)\s]+)\)", text(page))
    missing = [link for link in links if not leads_somewhere(page, link)]
    assert missing == []


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether the file of a relative link exists, and has the heading that the link names."""
    name, _, heading = link.partition("#")
    target = page.parent / name if name else page
    return target.exists() and (not heading or heading in anchors(text(target)))


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_a_heading_s_anchor_is_found_as_github_makes_it() -> None:
    assert anchors("# A\n## Versions of scikit-learn\n### `x.py`: two") == {"a", "versions-of-scikit-learn", "xpy-two"}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text(PROJECT / "Makefile"), re.MULTILINE))
    named = {target for line in commands(page) for target in re.findall(r"(?:^|&& )make ([a-z-]+)", line)}
    assert named - targets == set()


def commands(page: Path) -> list[str]:
    """The lines of a page's shell blocks, and what stands in its text as code."""
    fences = re.findall(r"^```(?:bash|text)\n(.*?)^```$", text(page), re.DOTALL | re.MULTILINE)
    return [line for fence in fences for line in fence.splitlines()] + re.findall(r"`([^`\n]+)`", text(page))


def test_every_route_of_the_api_is_in_the_readme_and_in_requests_http() -> None:
    routes = [(each.method, each.path) for each in declared(function_app.app) if each.listed]
    assert [f"{method} {path}" for method, path in routes if f"`{method} {path}`" not in text(README)] == []
    assert [path for method, path in routes if f"{method} {{{{url}}}}{path}\n" not in text(REQUESTS)] == []


def test_the_calls_of_requests_http_are_answered(service: Service) -> None:
    filled = text(REQUESTS).replace("{{url}}", service.url)
    filled = filled.replace("{{login.response.body.access_token}}", service.login())
    answers = [sent(call) for call in filled.split("\n###")[1:]]
    assert {answer.status_code for answer in answers} == {200}


def sent(call: str) -> httpx.Response:
    """The answer to one call as it stands in the file: a title, a line of method and URL, headers, and a body."""
    head, _, body = call.partition("\n")[2].strip().partition("\n\n")
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
    """The longest run of words, without anything filled in, of each message with which a module refuses."""
    calls = [each for each in ast.walk(ast.parse(text(path))) if isinstance(each, ast.Call)]
    for call in calls:
        if isinstance(call.func, ast.Name) and call.func.id == "Refused":
            parts = [each.value for each in ast.walk(call.args[0]) if isinstance(each, ast.Constant)]
            yield max((part.strip() for part in parts if isinstance(part, str)), key=len, default="")
