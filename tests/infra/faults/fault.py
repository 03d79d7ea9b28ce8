"""A planted fault, and the names of files and tests that several modules use."""

from typing import NamedTuple


class Fault(NamedTuple):
    """A change of a file, which must occur there exactly once, and the test that fails then."""

    file: str
    old: str
    new: str
    seen_by: str
    """The test's name, and after a space its parameter."""


MAIN, MODULES, K8S = "infra/main.bicep", "infra/modules", "infra/k8s"
ACCESS, APP = f"{MODULES}/access.bicep", f"{MODULES}/app.bicep"
IDENTITY = "test_the_app_has_one_identity_which_reads_the_vault_too"
