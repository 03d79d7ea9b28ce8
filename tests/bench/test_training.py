"""The models that the comparison trains: adopted, with instances and their right predictions."""

import joblib
import numpy as np
import pandas as pd
import pytest

from bench.compare import training
from bench.compare.formats import INSTANCES
from bench.compare.models import NAMES, Model
from shared.model import loader, schemas
from shared.model.manifest import decode

ROWS, TREES = 300, 3


@pytest.fixture(scope="module", params=NAMES[1:])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("models") / request.param
    return training.train(request.param, folder, rows=ROWS, trees=TREES)


def test_the_estimators_file_predicts_what_is_expected_of_the_peers(model: Model) -> None:
    sent = pd.DataFrame(model.batch(20))
    rows = sent if model.frame else sent.to_numpy()
    assert model.is_right(joblib.load(model.folder / "slr.joblib").predict(rows).tolist())


def test_the_services_files_predict_the_same_without_scikit_learn(model: Model) -> None:
    manifest = decode((model.folder / "slr.json").read_bytes())
    served = loader.Model(manifest, loader.load_runtime(model.folder, manifest))
    instances = schemas.build(manifest).decode(INSTANCES.body(model, 20))
    assert manifest.artifact.runtime == "onnxruntime"
    assert model.is_right(served.predict(instances).predictions)


def test_wrong_predictions_are_not_right(model: Model) -> None:
    assert not model.is_right([model.predictions[0] * 1.001])


def test_the_instance_that_is_sent_alone_has_every_feature(model: Model) -> None:
    assert None not in model.instances[0].values()


def test_other_instances_of_the_pipeline_have_gaps_in_numbers_and_texts() -> None:
    frame, _ = training.patients(1_000 + training.SENT_ROWS)
    sent = training.instances(frame[1_000:])
    assert {"age", "ward"} <= {name for row in sent for name, value in row.items() if value is None}


def test_the_same_data_is_made_every_time() -> None:
    np.testing.assert_array_equal(training.numbers(20_000)[0], training.numbers(20_000)[0])
