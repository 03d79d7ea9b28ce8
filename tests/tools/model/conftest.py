"""The model of the tests of tools/model, fitted and adopted once."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from shared.model import manifest
from shared.model.manifest import APP, Manifest
from tests.tools.model.estimators import boosted, draft, patients, save, stay, training_table
from tools.model import contract
from tools.model.contract import Texts
from tools.model.data import Table
from tools.model.output import Edges


class Adopted(NamedTuple):
    """A run of the command: its arguments without the folder, what it printed, and the files that it wrote."""

    arguments: list[str]
    printed: str
    errors: str
    folder: Path

    @property
    def manifest(self) -> Manifest:
        """The manifest that the command wrote."""
        return manifest.decode((self.folder / "slr.json").read_bytes())


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """Let numpy and scikit-learn use one thread, here and in processes of these tests.

    On a busy machine the threads of such small models wait for each other: the tests would take up to twice as long.
    """
    with threadpool_limits(limits=1), pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("OPENBLAS_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="session")
def stay_table() -> Table:
    """The data of `patients` with the target `stay`. Do not change it."""
    return training_table(patients(), stay(patients()))


@pytest.fixture(scope="session")
def stay_model(stay_table: Table) -> Pipeline:
    """Gradient boosting on twelve named columns."""
    return boosted().fit(stay_table.frame, stay_table.target)


@pytest.fixture(scope="session")
def stay_manifest(stay_table: Table, stay_model: Pipeline) -> Manifest:
    """The manifest of `stay_model` with its contract."""
    return contract.build(draft(), stay_model, stay_table, Texts(), Edges())


@pytest.fixture(scope="session")
def adopted(tmp_path_factory: pytest.TempPathFactory, stay_table: Table, stay_model: Pipeline) -> Adopted:
    """The same model, adopted by the real command from files that have one more column, `id`."""
    folder = tmp_path_factory.mktemp("adopted")
    frame = stay_table.frame.assign(id=range(len(stay_table.frame)))
    files = save(folder, stay_model, frame, stay_table.target, "Length of stay")
    arguments = [*files, "--classes", "4,6", "--description", "Days in hospital."]
    command = [sys.executable, "-m", "tools", "model", *arguments, "--folder", str(folder / "out")]
    ended = subprocess.run(command, cwd=APP, capture_output=True, text=True, encoding="utf-8", check=True, timeout=50)
    return Adopted(arguments, ended.stdout, ended.stderr, folder / "out")
