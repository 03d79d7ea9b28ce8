"""Fuzzing: requests that the OpenAPI document allows, and requests that it does not.

`make fuzz` runs the same for longer, with other data each time.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.services import serving

SECONDS = int(os.environ.get("FUZZ_SECONDS", "20"))
SEED = () if "FUZZ_SECONDS" in os.environ else ("--seed", "1")
CONFIG = Path(__file__).with_name("schemathesis.toml")
COMMAND = (sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG))


@pytest.mark.timeout(SECONDS + 60)
def test_every_response_agrees_with_the_openapi_document_and_none_is_5xx(
    works: Mapping[str, str], tmp_path: Path
) -> None:
    with serving(works) as service:
        done = subprocess.run(
            [*COMMAND, "run", f"{service.url}/openapi.json", "--max-time", str(SECONDS), "--no-color", *SEED],
            cwd=tmp_path,
            env={**os.environ, "FUZZ_TOKEN": service.login()},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        lines = list(service.lines)
    output = "\n".join(line[:300] for line in done.stdout.splitlines())
    assert done.returncode == 0, f"{output}\n{done.stderr}"
    assert "Selected: 7/7" in output
    assert [line for line in lines if "Traceback" in line] == []
