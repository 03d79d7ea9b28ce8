"""`python -m bench.package`: the cold start of the package, and what its byte code and its pruning are worth.

From the start of a process to its first prediction, in turn: the package; the same without byte code; and what
`pip install --target` makes, whole packages with time-stamped byte code, zipped and unzipped. Python is told not to
write byte code (`-B`), as the folder is read-only in Azure. The first round fills the disk cache and is not counted.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tools import smoke
from tools.package import ARCHIVE, ROOT, app, check, dependencies, make

PASSWORD = "only-of-this-bench"  # noqa: S105
PIP = "plain pip install --target"


def main() -> None:
    """Make the three, start each in every round, and print a table of medians."""
    parser = argparse.ArgumentParser("python -m bench.package", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    make(ROOT)
    environ = check.settings(PASSWORD)
    with TemporaryDirectory() as name:
        folders = {"the package": packaged(Path(name)), "without byte code": bare(Path(name)), PIP: plain(Path(name))}
        with check.serving(folders["the package"], environ) as url:
            token = smoke.login(smoke.Client(url), check.USER, PASSWORD)
        found = [measure(folders, environ, token) for _ in range(rounds + 1)][1:]
        for each, folder in folders.items():
            tell(each, [times[each] for times in found], size(folder))


def measure(folders: Mapping[str, Path], environ: Mapping[str, str], token: str) -> dict[str, float]:
    """One round: the cold start of each in seconds."""
    return {name: check.cold_start(folder, environ, token, ["-B"]) for name, folder in folders.items()}


def packaged(folder: Path) -> Path:
    """The package as it is published."""
    return check.unpack(ROOT / ARCHIVE, folder / "package")


def bare(folder: Path) -> Path:
    """The package without its byte code."""
    with zipfile.ZipFile(ROOT / ARCHIVE) as file:
        file.extractall(folder / "bare")
    for cache in [*(folder / "bare").rglob("__pycache__")]:
        shutil.rmtree(cache)
    return folder / "bare"


def plain(folder: Path) -> Path:
    """What a `pip install --target` and a zip make of the project: nothing pruned, byte code with time stamps."""
    app.copy(ROOT, folder / "whole")
    target = folder / "whole" / dependencies.SITE_PACKAGES
    dependencies.install(target, ROOT, "--link-mode", "copy")
    subprocess.run([sys.executable, "-I", "-m", "compileall", "-q", str(target)], check=False)
    shutil.make_archive(str(folder / "plain"), "zip", folder / "whole")
    shutil.unpack_archive(folder / "plain.zip", folder / "plain")
    return folder / "plain"


def size(folder: Path) -> float:
    """Megabytes in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1_000_000


def tell(name: str, times: list[float], megabytes: float) -> None:
    """Print one line: median, least and greatest."""
    print(f"{name:28} {statistics.median(times):6.2f} s   ({min(times):.2f} to {max(times):.2f})   {megabytes:4.0f} MB")


if __name__ == "__main__":
    main()
