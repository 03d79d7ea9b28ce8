"""The package: its content, and the same bytes for the same project."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools import packages
from tools import package as packaging
from tools.errors import PackageError
from tools.generate.locks import pins
from tools.package import Package, app, bytecode, dependencies, pruning, runtimes

pytestmark = pytest.mark.timeout(300)  # on a clean machine the packages are downloaded first
ROOT = packages.ROOT
TOP = {".python_packages", "__pycache__", "function_app.py", "host.json", "model", "requirements.txt", "shared"}
IMPORT_ALL = """
import importlib, pkgutil, sys, warnings
warnings.simplefilter("ignore")
sys.path.append(sys.argv[1])
for module in pkgutil.walk_packages([sys.argv[1]], onerror=lambda name: None):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        print("missing", module.name, error.name, file=sys.stderr)
    except BaseException:
        pass
"""


@pytest.fixture(scope="module")
def names(package: Package) -> set[str]:
    with zipfile.ZipFile(package.archive) as file:
        return set(file.namelist())


def cached(project: Path) -> str:
    """Return the name of the project's packages in the cache."""
    lock = (project / dependencies.LOCK).read_text(encoding="utf-8")
    return dependencies.key(runtimes.select(project, lock))


def test_the_package_has_the_files_that_func_publishes_and_no_others(names: set[str]) -> None:
    assert {name.partition("/")[0] for name in names} == TOP
    assert {name.split("/")[1] for name in names if name.startswith(".python_packages/")} == {"lib"}


def test_it_has_no_secrets_no_training_data_and_no_developers_files(package: Package, names: set[str]) -> None:
    assert names.isdisjoint({*packages.NOT_DEPLOYED, "model/train.py"})
    assert [path.name for path in package.left_out] == ["train.csv"]


def test_folder_and_zip_have_the_same_files(package: Package, names: set[str]) -> None:
    assert {
        path.relative_to(package.folder).as_posix() for path in package.folder.rglob("*") if path.is_file()
    } == names


def test_it_has_every_selected_package_with_its_licence(package: Package) -> None:
    folder, selection = package.folder / dependencies.SITE_PACKAGES, package.dependencies.selection
    locked = {f"{name}-{version}" for name, version in pins((ROOT / "requirements.txt").read_text("utf-8"))}
    selected = {f"{name}-{version}" for name, version in pins(selection.requirements)}
    installed = {path.name.removesuffix(".dist-info").replace("_", "-").lower() for path in folder.glob("*.dist-info")}
    assert installed == selected
    assert {name.rpartition("-")[0] for name in locked - selected} == set(selection.left_out)
    assert list(folder.glob("numpy-*.dist-info/licenses/**/LICENSE*"))


def test_its_shared_libraries_are_for_azure_s_processors(package: Package) -> None:
    heads = {path.read_bytes()[:20] for path in package.folder.rglob("*.so")}
    assert heads
    assert {(head[:5], head[18:20]) for head in heads} == {(b"\x7fELF\x02", b"\x3e\x00")}  # 64 bits, x86-64


def test_all_modules_are_compiled_for_azure_s_python(package: Package, names: set[str]) -> None:
    assert list(bytecode.errors(package.folder)) == []
    assert sum(name.endswith(".pyc") for name in names) > 1_000


def test_pruned_files_are_reported_and_missing(package: Package, names: set[str]) -> None:
    assert package.dependencies.pruned["tests"] > 5_000_000
    assert [name for name in names if "/tests/" in name or name.endswith("/RECORD")] == []
    report = "\n".join(packaging.report(package))
    assert re.search(r"Pruned from the packages: \d+\.\d MB \(tests \d+\.\d MB, build inputs", report)
    assert "Not deployed from model/: train.csv" in report


def test_no_module_needs_a_pruned_file(package: Package) -> None:
    folder = package.folder / dependencies.SITE_PACKAGES
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", IMPORT_ALL, folder], capture_output=True, encoding="utf-8", check=True
    )
    missing = [line.split()[1:] for line in result.stderr.splitlines() if line.startswith("missing")]
    assert missing  # optional dependencies, and those of other systems
    missing_tests = {module for module, name in missing if pruning.TESTS & {*name.split(".")}}
    assert missing_tests <= {"scipy.special._precompute.hyp2f1_data"}  # generates a table for scipy's sources


def test_the_same_project_gives_the_same_bytes(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = packaging.make(project).archive.read_bytes()
    elsewhere = tmp_path / "a/longer/name"
    shutil.copytree(project, elsewhere, ignore=shutil.ignore_patterns(".cache", "dist"))
    os.utime(elsewhere / "function_app.py", (0, 0))
    (elsewhere / "host.json").chmod(0o600)
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    assert packaging.make(elsewhere).archive.read_bytes() == first


def test_it_has_the_name_of_the_build(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not (packaging.make(project).folder / "BUILD_ID").exists()
    monkeypatch.setenv("BUILD_ID", "0bf6c22")
    assert (packaging.make(project).folder / "BUILD_ID").read_text() == "0bf6c22"


def test_dependencies_are_built_once_for_a_lock(project: Path) -> None:
    first = dependencies.prepare(project).archive.stat()
    assert dependencies.prepare(project).archive.stat() == first


def test_another_lock_replaces_the_dependencies(project: Path) -> None:
    dependencies.prepare(project)
    (project / "requirements.txt").write_text((project / "requirements.txt").read_text() + "# changed\n")
    dependencies.prepare(project)
    assert [path.name for path in (project / dependencies.CACHE).iterdir()] == [cached(project)]


def test_dependencies_for_another_runtime_are_cached_beside_them(project: Path) -> None:
    dependencies.prepare(project)
    (project / "model/slr.json").write_text('{"artifact": {"linear": {"intercept": 0}}}')
    dependencies.prepare(project)
    names = sorted(path.name.rpartition("-")[0] for path in (project / dependencies.CACHE).iterdir())
    assert names == ["numpy", "scikit-learn"]


def test_a_package_that_is_not_the_locked_one_is_refused(project: Path) -> None:
    text = (project / "requirements.txt").read_text()
    (project / "requirements.txt").write_text(re.sub("sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", text))
    with pytest.raises(PackageError, match=r"The packages cannot be installed: (?s:.*)Hash mismatch"):
        packaging.make(project)
    assert list((project / dependencies.CACHE).iterdir()) == []


def test_a_missing_network_is_reported_in_one_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("UV_OFFLINE", "0"), ("UV_FIND_LINKS", ""), ("UV_DEFAULT_INDEX", "http://127.0.0.1:9/")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    assert packaging.main([], project) == 1
    assert capsys.readouterr().err == (
        "The packages cannot be downloaded: the package index cannot be reached (no network?).\n"
    )


def test_after_an_error_the_earlier_package_stays_unchanged(project: Path) -> None:
    before = packaging.make(project).archive.read_bytes()
    (project / "shared/explain.py").write_text("def (")
    with pytest.raises(PackageError, match="Some files cannot be compiled"):
        packaging.make(project)
    assert (project / packaging.ARCHIVE).read_bytes() == before
    assert sorted(path.name for path in (project / packaging.DIST).iterdir()) == ["egl-ml", "egl-ml.zip"]


def test_a_git_lfs_pointer_is_refused(project: Path) -> None:
    (project / "model/slr.joblib").write_bytes(app.LFS_POINTER + b"\noid sha256:0\n")
    with pytest.raises(PackageError, match=r"model/slr.joblib is a git-lfs pointer: run `git lfs pull`"):
        packaging.make(project)


@pytest.mark.parametrize("name", ["function_app.py", "host.json", "shared", "model"])
def test_a_missing_part_is_named(project: Path, name: str) -> None:
    path = project / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(PackageError, match=f"There is no {name} in"):
        packaging.make(project)


def test_another_python_than_azure_s_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "MAGIC_NUMBER", b"\x00\x00\r\n")
    with pytest.raises(PackageError, match=r"Azure runs Python 3\.13; this is 3\."):
        bytecode.compile_folder(tmp_path)


def test_azure_s_byte_code_is_that_of_the_project_s_python() -> None:
    assert importlib.util.MAGIC_NUMBER == bytecode.MAGIC
    assert sys.implementation.cache_tag == bytecode.TAG


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda source, cached: source.write_text("x = 2\n"), "is not unchecked Python 3.13 byte code of its source"),
        (lambda source, cached: cached.write_bytes(b"\0" + cached.read_bytes()[1:]), "is not unchecked Python 3.13"),
        (lambda source, cached: cached.unlink(), "has no byte code"),
    ],
)
def test_byte_code_that_is_not_that_of_its_source_is_reported(
    tmp_path: Path, change: Callable[[Path, Path], object], message: str
) -> None:
    source, cached = tmp_path / "module.py", tmp_path / "__pycache__/module.cpython-313.pyc"
    source.write_text("x = 1\n")
    bytecode.compile_folder(tmp_path)
    assert list(bytecode.errors(tmp_path)) == []
    change(source, cached)
    assert message in "".join(bytecode.errors(tmp_path))


def test_only_unused_files_are_pruned(tmp_path: Path) -> None:
    unused = (
        "pkg/tests/test_a.py",
        "pkg/sub/test/data.bin",
        "pkg/a.pyx",
        "p-1.dist-info/RECORD",
        "bin/script",
        ".lock",
    )
    used = ("pkg/testing/a.py", "pkg/a.pyi", "pkg/RECORD", "p-1.dist-info/licenses/LICENSE", "pkg/bin/a.py", "tests.py")
    for name in (*unused, *used):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("12345")
    assert pruning.prune(tmp_path) == {"tests": 10, "build inputs": 5, "installer files": 10, "scripts": 5}
    remaining = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert remaining == set(used)


def test_the_dependencies_alone_can_be_built_for_containers(project: Path) -> None:
    assert packaging.main(["--dependencies"], project) == 0
    assert (project / dependencies.CACHE / cached(project) / "packages.zip").exists()
    assert not (project / packaging.DIST).exists()
