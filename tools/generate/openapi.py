"""Generate docs/openapi.json: the OpenAPI document of the app with its model, for reviews and code generators."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.errors import GenerateError

DOCUMENT = """
import sys
from function_app import routes, service
from shared.api import openapi
sys.stdout.buffer.write(openapi.document(routes, service.manifest_file.manifest, service.settings))
"""


def snapshot(root: Path) -> Mapping[str, str]:
    """Return the document, indented, so that a change shows as lines. Raises GenerateError if the app does not load."""
    # In a separate process: a process can load an app only once, and the app reads its settings at import.
    # Without this machine's settings: a feature source, for example, would change the document.
    environ = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT")}
    result = subprocess.run([sys.executable, "-c", DOCUMENT], cwd=root, env=environ, capture_output=True, check=False)
    if result.returncode:
        reason = result.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise GenerateError(f"docs/openapi.json cannot be generated: the app does not load: {reason}")
    text = json.dumps(json.loads(result.stdout), indent=2, ensure_ascii=False)
    return {"docs/openapi.json": f"{text}\n"}
