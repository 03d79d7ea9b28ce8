"""docs/clients.md: its clients, pasted into files and run against the demo service, print what the page shows."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.model import manifest
from tests.services import PROJECT, Service, serving
from tools.azurite import NODE

PAGE = PROJECT / "docs/clients.md"
LOCAL = "http://localhost:7071"
DEMO = "scikit-learn's diabetes data"
SECONDS = 50


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """The demo model with the example's settings, and tokens that expire while a client runs."""
    deployed = manifest.decode((PROJECT / "model/slr.json").read_bytes())
    if not deployed.training.data.startswith(DEMO):
        pytest.skip(f"the page shows the demo, and {deployed.name} is deployed")
    example = json.loads((PROJECT / "local.settings.json.example").read_text(encoding="utf-8"))
    with serving(example["Values"]) as running:
        yield running


def example(language: str) -> tuple[str, str]:
    """Return the page's program in a language, and its output below."""
    pattern = rf"^```{language}\n(.+?)^```\n\n```(?:text|json)\n(.+?)\n```$"
    (found,) = re.findall(pattern, PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return found


def output(command: list[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def written(path: Path, program: str, service: Service) -> Path:
    path.write_text(program.replace(LOCAL, service.url), encoding="utf-8")
    return path


def test_the_curl_commands_print_the_response(service: Service) -> None:
    script, shown = example("bash")
    printed = json.loads(output(["bash", "-c", script.replace(LOCAL, service.url)]))
    assert printed["predictions"] == pytest.approx(json.loads(shown)["predictions"])


def test_the_python_client_prints_the_predictions(service: Service, tmp_path: Path) -> None:
    program, shown = example("python")
    assert output([sys.executable, written(tmp_path / "client.py", program, service)]) == shown


def test_the_javascript_client_prints_the_predictions(service: Service, tmp_path: Path) -> None:
    program, shown = example("javascript")
    assert output([NODE, written(tmp_path / "client.mjs", program, service)]) == shown


PYTHON_MORE = """
service.http.auth.token = "expired"
assert service.predict(patients).round(2).tolist() == [210.81, 134.15]
many = pd.DataFrame({"bmi": [0.0617] * 10_001})
assert len(service.predict(many)) == 10_001
try:
    service.predict(pd.DataFrame({"bmi": [0.0617, None]}))
except ValueError as error:
    assert str(error).startswith("/instances/1/bmi: "), error
else:
    raise AssertionError("a missing value was accepted")
try:
    Service(service.http.base_url, "abi", "wrong").predict(patients)
except httpx.HTTPStatusError as error:
    assert error.response.status_code == 401
else:
    raise AssertionError("a wrong password was accepted")
"""


def test_the_python_client_renews_its_token_splits_a_long_frame_and_names_bad_fields(
    service: Service, tmp_path: Path
) -> None:
    program, shown = example("python")
    path = written(tmp_path / "client.py", program + PYTHON_MORE, service)
    assert output([sys.executable, path]) == shown


JAVASCRIPT_MORE = """
const message = await service.predict([{ bmi: "x" }]).catch((error) => error.message);
if (!message.includes("/instances/0/bmi: ")) throw new Error(message);
const wrong = await new Service(service.url, "abi", "wrong").predict([]).catch((error) => error.message);
if (!/wrong/i.test(wrong)) throw new Error(wrong);
"""


def test_the_javascript_client_names_bad_fields_and_wrong_passwords(service: Service, tmp_path: Path) -> None:
    program, shown = example("javascript")
    assert output([NODE, written(tmp_path / "client.mjs", program + JAVASCRIPT_MORE, service)]) == shown
