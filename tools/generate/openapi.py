"""docs/openapi.json: the OpenAPI document of the app with the model that it serves, for reviews and code generators."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.generate.errors import GenerateError

DOCUMENT = """
import sys
from function_app import app
from shared import endpoint, manifest, openapi
sys.stdout.buffer.write(openapi.document(endpoint.declared(app), manifest.current()))
"""


def snapshot(root: Path) -> Mapping[str, str]:
    """The document, indented, so that a change shows as lines. Raises GenerateError when app or model do not load."""
    # In a process of its own: an app is loaded once per process, and reads its settings while it is imported.
    # Without this machine's settings: a feature source, say, would show in the document.
    bare = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT")}
    done = subprocess.run([sys.executable, "-c", DOCUMENT], cwd=root, env=bare, capture_output=True, check=False)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise GenerateError(f"docs/openapi.json cannot be made, the app does not load: {reason}")
    text = json.dumps(json.loads(done.stdout), indent=2, ensure_ascii=False)
    return {"docs/openapi.json": f"{text}\n"}
