"""The command: its output, and its errors."""

import json
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tools.capacity import main

ROOT = Path(__file__).parents[3]


def printed(capsys: pytest.CaptureFixture[str], command: str) -> str:
    assert main(shlex.split(command)) == 0
    return capsys.readouterr().out


def test_every_kind_of_instance_has_a_line_and_the_cheapest_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    output = printed(capsys, "--rps 200 --latency-ms 50")
    rows = re.findall(r"^  ((?:Flex|Kubernetes) [\w,.]+ \w+) +(\d+ \+ \d+) .*?(◂?)$", output, re.MULTILINE)
    assert [name for name, _, _ in rows] == ["Flex 512 MB", "Flex 2,048 MB", "Flex 4,096 MB", "Kubernetes 1 CPU"]
    assert [mark for _, _, mark in rows].count("◂") == 1


def test_the_settings_can_be_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    output = printed(capsys, "--rps 2000 --latency-ms 50")
    block = output.split("infra/sizes.json\n")[1].split("  infra/k8s")[0]
    pasted = json.loads(f"{{{block}}}")
    sizes = json.loads((ROOT / "infra/sizes.json").read_text(encoding="utf-8"))
    assert set(pasted) < set(sizes["small"])
    assert pasted["perInstanceConcurrency"] >= 1
    for name in ("minReplicaCount", "maxReplicaCount", "concurrency: {targetValue", "requestRate: {targetValue"):
        assert re.search(rf"^    {re.escape(name)}: \d+", output, re.MULTILINE), name


def test_growth_shows_the_limit_that_is_exceeded_first(capsys: pytest.CaptureFixture[str]) -> None:
    output = printed(capsys, "--rps 200 --latency-ms 50")
    shares = [re.findall(r"([\d,]+) %(!?)", line) for line in output.splitlines() if re.search(r" %!?$", line)]
    assert "times the load                                                 1        10       100     1,000" in output
    assert shares[0] == [("1", ""), ("12", ""), ("125", "!"), ("1,250", "!")]
    assert [row[-1][1] for row in shares] == ["!", "", ""]
    assert "Application Insights: 32,000 items a second" in output


def test_pulls_have_a_limit_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Table Storage" not in printed(capsys, "--rps 200 --latency-ms 50")
    assert "Table Storage" in printed(capsys, "--rps 200 --latency-ms 50 --pulls 1")


def test_an_instance_that_is_too_small_has_a_reason_and_the_others_have_plans(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = printed(capsys, "--rps 200 --latency-ms 50 --request-mb 50")
    assert "Flex 512 MB       none: 1,000 MB do not fit" in output
    assert "Flex 2,048 MB: latency over instances" in output


def test_every_plan_meets_the_target(capsys: pytest.CaptureFixture[str]) -> None:
    output = printed(capsys, "--rps 900 --latency-ms 50 --latency-p99-ms 60 --p99-ms 80")
    latencies = re.findall(r" ([\d.]+) ms +[\d,]+ MB", output)
    assert latencies
    assert all(float(latency) <= 80 for latency in latencies)


def test_the_curve_falls_and_marks_what_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    output = printed(capsys, "--rps 2000 --latency-ms 60 --cpu-ms 4")
    points = re.findall(r"^ +[\d,]+ █.* ([\d,]+) / ([\d,]+) ms( ◂ needed)?$", output, re.MULTILINE)
    p99 = [int(latency.replace(",", "")) for _, latency, _ in points]
    assert len(points) >= 4
    assert p99 == sorted(p99, reverse=True)
    assert [mark for *_, mark in points].count(" ◂ needed") == 1


def test_the_picture_is_an_svg_with_both_curves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "curve.svg"
    assert f"Wrote {path}." in printed(capsys, f"--rps 2000 --latency-ms 60 --cpu-ms 4 --svg {path}")
    root = ET.parse(path).getroot()  # noqa: S314
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{space}polyline")) == 2
    texts = {element.text for element in root.iter(f"{space}text")}
    assert {"p50", "p99", "needed", "500 ms", "instances"} <= texts
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for circle in root.iter(f"{space}circle"):
        assert 0 <= float(circle.attrib["cx"]) <= width
        assert 0 <= float(circle.attrib["cy"]) <= height


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("", "The following arguments are required: --rps."),
        ("--rps x --latency-ms 50", "Argument --rps: 'x' is not a number."),
        ("--rps nan --latency-ms 50", "Argument --rps: 'nan' is not a number."),
        ("--rps 0 --latency-ms 50", "Argument --rps: must be above 0."),
        ("--rps 1", "Set --latency-ms, or --url to measure it."),
        ("--rps 1 --latency-ms 50 --url http://127.0.0.1:9", "Set --latency-ms, or --url to measure it."),
        ("--rps 1 --latency-ms 50 --concurrency 1.5", "Argument --concurrency: must be a whole number from 1."),
        ("--rps 1 --latency-ms 50 --availability 100", "Argument --availability: must be above 0 and below 100."),
        ("--rps 1 --latency-ms 50 --request-mb -1", "Argument --request-mb: must not be below 0."),
        ("--rps 1 --latency-ms 50 --cpu-ms 60", "A request takes 50 ms, so --cpu-ms cannot be 60."),
        (
            "--rps 1 --latency-ms 50 --process-mb 5000",
            "No instance of Flex Consumption is enough: 5,016 MB do not fit.",
        ),
        ("--rps 1 --latency-ms 50 --bogus", "Unrecognized arguments: --bogus."),
    ],
)
def test_a_bad_option_is_one_clear_line(capsys: pytest.CaptureFixture[str], command: str, message: str) -> None:
    assert main(shlex.split(command)) == 1
    assert capsys.readouterr() == ("", f"{message}\n")


def test_the_output_in_the_docs_is_the_tool_s(capsys: pytest.CaptureFixture[str]) -> None:
    docs = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    block = re.search(r"<!-- capacity -->\n```text\n\$ \./egl capacity ([^\n]+)\n(.*?)```\n<!--", docs, re.DOTALL)
    assert block
    assert printed(capsys, block[1]) == block[2]


def test_a_picture_that_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "nowhere" / "curve.svg"
    assert main(["--rps", "1", "--latency-ms", "50", "--svg", str(path)]) == 1
    assert capsys.readouterr().err == f"{path} cannot be written: No such file or directory.\n"
