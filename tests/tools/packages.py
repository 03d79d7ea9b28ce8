"""Projects to make packages of: a copy of this one, and a small one whose only package is a wheel beside it."""

import shutil
from pathlib import Path

from tests.tools.test_bootstrap import lock, wheel
from tools.package import dependencies

ROOT = Path(__file__).parents[2]
NEEDED = (".funcignore", ".python-version", "function_app.py", "host.json", "requirements.txt")
NOT_DEPLOYED = (
    ".env",
    ".git/config",
    "local.settings.json",
    "model/.env",
    "model/train.csv",
    "shared/.env",
    "notes.txt",
)
MODULE = "def answer(*, question=None):\n    class Answer: ...\n    return {'answer', 'question'}, Answer\n"


def copy(folder: Path) -> Path:
    """What this project's package is made of, with this project's cache: filling that takes half a minute."""
    folder.mkdir()
    for name in NEEDED:
        shutil.copy(ROOT / name, folder)
    for name in ("shared", "model"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return with_cache(folder)


def with_cache(folder: Path) -> Path:
    """The folder, with this project's cache in it."""
    (ROOT / dependencies.CACHE).mkdir(parents=True, exist_ok=True)
    (folder / ".cache").symlink_to(ROOT / ".cache")
    return folder


def small(folder: Path) -> Path:
    """A project of a few files in `folder`/project."""
    for name in ("project/shared", "project/model", "wheels"):
        (folder / name).mkdir(parents=True)
    project = folder / "project"
    shutil.copy(ROOT / ".python-version", project)
    (project / "function_app.py").write_text("import demo\n")
    (project / "host.json").write_text("{}\n")
    (project / "shared/explain.py").write_text(MODULE)
    (project / "model/slr.json").write_text("{}\n")
    files = {"demo/__init__.py": MODULE, "demo/tests/test_it.py": "1 / 0", "demo/fast.pyx": "", "demo/py.typed": ""}
    lock(project, "requirements.txt", wheel(folder, "demo", files))
    return project
