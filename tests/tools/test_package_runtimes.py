"""The packages that a model's runtime needs, out of all in the lock."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from shared.model.manifest import Artifact, Linear, Onnx
from tests.tools.packages import ROOT
from tools.package import app, runtimes

LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
LINEAR, ONNX = {"linear": {"intercept": 0.0}}, {"onnx": {"file": "slr.onnx"}}


def project(folder: Path, **artifacts: Any) -> Path:
    """Write a manifest for each name, with `artifact` as given."""
    for name, artifact in artifacts.items():
        path = folder / "model" / name.replace("_", "/") / "slr.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"artifact": artifact}), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("artifact", "absent", "present"),
    [
        (LINEAR, ["onnxruntime", "scikit-learn", "scipy", "pandas", "joblib"], ["numpy", "msgspec"]),
        (ONNX, ["scikit-learn", "scipy", "pandas", "joblib"], ["onnxruntime", "flatbuffers", "numpy"]),
        ({}, ["onnxruntime", "flatbuffers"], ["scikit-learn", "scipy", "pandas", "joblib", "threadpoolctl"]),
    ],
    ids=["numpy", "onnxruntime", "scikit-learn"],
)
def test_only_the_packages_of_the_runtime_are_selected(
    artifact: Any, absent: Sequence[str], present: Sequence[str], tmp_path: Path
) -> None:
    selection = runtimes.select(project(tmp_path, champion=artifact), LOCK)
    assert set(absent) <= set(selection.left_out)
    assert not set(present) & set(selection.left_out)
    for name in present:
        assert f"\n{name}==" in f"\n{selection.requirements}"


def test_each_requirement_is_selected_or_left_out_whole(tmp_path: Path) -> None:
    selection = runtimes.select(project(tmp_path, champion=LINEAR), LOCK)
    count = sum(line[:1].isalnum() for line in LOCK.splitlines())
    assert sum(line[:1].isalnum() for line in selection.requirements.splitlines()) + len(selection.left_out) == count
    assert selection.requirements.count("--hash=") > count


def test_manifests_of_several_runtimes_need_the_packages_of_all(tmp_path: Path) -> None:
    selection = runtimes.select(project(tmp_path, champion=LINEAR, challenger={}), LOCK)
    assert selection.left_out == ["flatbuffers", "onnxruntime", "packaging"]
    assert "Packages for scikit-learn: model/challenger/slr.json" in list(selection.lines())


def test_a_predecessor_needs_no_packages(tmp_path: Path) -> None:
    assert runtimes.runtimes(project(tmp_path, champion=LINEAR, previous={})) == {"numpy": ["model/champion/slr.json"]}


def test_other_json_files_are_no_manifests(tmp_path: Path) -> None:
    folder = project(tmp_path, champion=ONNX)
    for name, content in {"list": "[1]", "text": '"artifact"', "broken": "{", "other": '{"artifact": 1}'}.items():
        (folder / f"model/{name}.json").write_text(content, encoding="utf-8")
    assert list(runtimes.runtimes(folder)) == ["onnxruntime"]


def test_without_a_manifest_everything_for_scikit_learn_is_selected(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    assert list(runtimes.select(tmp_path, LOCK).runtimes) == ["scikit-learn"]


def test_the_runtimes_are_those_of_the_service() -> None:
    plain = Artifact(file="", sha256="", estimator="", scikit_learn="")
    onnx = Onnx(file="", sha256="", runtime="", difference=0, tolerance=0)
    linear = Linear(intercept=0, difference=0, tolerance=0)
    variants = [
        plain,
        Artifact(**{**_members(plain), "onnx": onnx}),
        Artifact(**{**_members(plain), "onnx": onnx, "linear": linear}),
    ]
    assert [artifact.runtime for artifact in variants] == [
        runtimes.SCIKIT_LEARN,
        runtimes.ONNXRUNTIME,
        runtimes.NUMPY,
    ]


def _members(artifact: Artifact) -> dict[str, Any]:
    return {name: getattr(artifact, name) for name in ("file", "sha256", "estimator", "scikit_learn")}


def test_a_challenger_travels_in_the_package_and_a_predecessor_stays_at_home(tmp_path: Path) -> None:
    folder = project(tmp_path, challenger=LINEAR, previous={})
    (folder / "model/slr.json").write_text("{}", encoding="utf-8")
    shutil.copy(ROOT / ".funcignore", folder)
    for name in app.FILES:
        (folder / name).touch()
    (folder / "shared").mkdir()
    (folder / "model/previous/slr.joblib").write_bytes(app.LFS_POINTER)  # nobody needs to fetch it

    left_out = app.copy(folder, folder / "package")

    copied = {path.relative_to(folder / "package").as_posix() for path in (folder / "package/model").rglob("*.*")}
    assert copied == {"model/slr.json", "model/challenger/slr.json"}
    assert left_out == []
