"""Projects for packages: a copy of this one, and a small one whose only dependency is a local wheel."""

import base64
import hashlib
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

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
    """Copy the parts of this project that its package needs."""
    folder.mkdir()
    for name in NEEDED:
        shutil.copy(ROOT / name, folder)
    for name in ("shared", "model"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def link_cache(folder: Path) -> None:
    """Give a copy the cache of this project: its dependencies take half a minute to build."""
    (ROOT / dependencies.CACHE).mkdir(parents=True, exist_ok=True)
    (folder / ".cache").symlink_to(ROOT / ".cache")


def small(folder: Path) -> Path:
    """Create a project of a few files in `folder`/project, with its wheel in `folder`/wheels."""
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


def wheel(folder: Path, name: str, files: Mapping[str, str]) -> Path:
    """Write a wheel of version 1.0 to `folder`/wheels."""
    info = f"{name}-1.0.dist-info"
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={digest(text)},{len(text.encode())}\n" for path, text in content.items())
    path = folder / f"wheels/{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**content, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            entry = zipfile.ZipInfo(file)
            entry.external_attr = 0o100755 << 16  # a regular file, executable
            archive.writestr(entry, text)
    return path


def digest(text: str) -> str:
    """Return a hash as in a wheel's RECORD."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def lock(project: Path, name: str, wheel: Path) -> None:
    """Lock the wheel as the only package of the file `name`."""
    pin = f"{wheel.name.partition('-')[0]}==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
    (project / name).write_text(pin)
