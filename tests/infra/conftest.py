"""The deployment and the cluster that infra/ describes."""

import pytest

from tests.infra.azure import Azure, committed
from tests.infra.cluster import Cluster, kubectl


@pytest.fixture
def azure() -> Azure:
    """The deployment of the committed files, with everything that is optional."""
    return Azure(committed())


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster's objects, rendered by kustomize."""
    if not kubectl():
        pytest.skip("kubectl, which renders the overlays, is not installed: CI has it")
    return Cluster(committed())
