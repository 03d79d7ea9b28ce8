"""Writes the settings of MODEL: `python prepare.py FOLDER`."""

import json
import os
import sys
from pathlib import Path

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
settings = {
    "name": "slr",
    "implementation": "mlserver_sklearn.SKLearnModel",
    "parameters": {"uri": os.environ["MODEL"]},
}
(folder / "model-settings.json").write_text(json.dumps(settings), encoding="utf-8")
