"""The documents about delivery: their links, names and figures are right."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def links(name: str) -> list[str]:
    """Return the links of a document to files of the project."""
    targets = re.findall(r"\]\(([^)]+)\)", (DOCS / name).read_text(encoding="utf-8"))
    return [link for link in targets if not link.startswith("http")]


def anchors(path: Path) -> set[str]:
    """Return the anchors that GitHub makes of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", ["deploy.md", "production.md"])
def test_every_link_leads_somewhere(name: str) -> None:
    for link in links(name):
        file, _, anchor = link.partition("#")
        path = (DOCS / file).resolve() if file else DOCS / name
        assert path.exists(), link
        assert not anchor or anchor in anchors(path), link


def test_every_variable_for_azd_is_read() -> None:
    text = (DOCS / "deploy.md").read_text(encoding="utf-8")
    read = set(re.findall(r"\$\{(\w+)", (ROOT / "infra/main.parameters.json").read_text(encoding="utf-8")))
    hook = set(re.findall(r"\$\{(\w+):\?", (ROOT / "infra/hooks/token-key.sh").read_text(encoding="utf-8")))
    assert set(re.findall(r"azd env set (\w+)", text)) <= read | hook


def test_every_output_in_the_docs_exists() -> None:
    text = (DOCS / "deploy.md").read_text(encoding="utf-8")
    outputs = set(re.findall(r"^output (\w+)", (ROOT / "infra/main.bicep").read_text(encoding="utf-8"), re.MULTILINE))
    azd = {"AZURE_SUBSCRIPTION_ID"}
    named = set(re.findall(r"(?:get-value|output) \"?(AZURE_\w+|STORAGE_\w+)", text))
    assert named
    assert named <= outputs | azd


def test_every_variable_of_the_workflow_is_documented() -> None:
    workflow = (ROOT / ".github/workflows/deploy.yml").read_text(encoding="utf-8")
    text = (DOCS / "deploy.md").read_text(encoding="utf-8")
    for name in set(re.findall(r"(?:vars|secrets)\.(\w+)", workflow)):
        assert f"`{name}`" in text, name


def test_the_figures_of_the_sizes_are_right() -> None:
    text = (DOCS / "deploy.md").read_text(encoding="utf-8")
    sizes = json.loads((ROOT / "infra/sizes.json").read_text(encoding="utf-8"))
    assert ("the daily cap of `small` is 1 GB" in text) == (sizes["small"]["dailyQuotaGb"] == 1)
    assert ("`large` keeps two" in text) == (sizes["large"]["alwaysReady"] == 2)
    assert len(list((ROOT / "monitoring/alerts").glob("*.kql"))) == 7  # "Seven alerts", "the seven alert rules"
