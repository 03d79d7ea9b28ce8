"""Plant faults in infra/ and monitoring/, one at a time and in memory: the named test of each must fail.

Each of those tests passes on the files as they are, or the whole run would show it.
"""

import inspect
from collections.abc import Iterator, Mapping
from contextlib import closing
from types import ModuleType
from typing import Any

import pytest

from tests.infra import test_access, test_app, test_data, test_k8s, test_observability, test_sizes
from tests.infra.azure import Azure, committed
from tests.infra.bicep.syntax import BicepError
from tests.infra.cluster import Cluster, kubectl
from tests.infra.faults import alerts, permissions, resources
from tests.infra.faults.cluster import CLUSTER
from tests.infra.faults.fault import Fault
from tests.monitoring import test_alerts, test_login_failures, test_no_success
from tests.monitoring.alert_cases import sound_store
from tests.monitoring.rules import deployed
from tools.insights.store import Store

IN_AZURE = (
    *permissions.ROLES,
    *permissions.SECRETS,
    *resources.APPLICATION,
    *resources.DATA,
    *alerts.OBSERVED,
    *alerts.QUERIES,
)
RULES: Mapping[ModuleType, str] = {test_no_success: "no-success", test_login_failures: "login-failures"}
"""Modules that test one rule, with its name."""
MODULES = (test_access, test_app, test_data, test_k8s, test_observability, test_sizes, test_alerts, *RULES)
ARGUMENTS: Mapping[str, tuple[Any, ...]] = {
    "test_throttled_and_queued_logins_count_and_are_shown": (test_login_failures.THROTTLED, "throttled")
}


def name(fault: Fault) -> str:
    return f"{fault.file.rpartition('/')[2]}: {fault.new.strip()[:60] or 'without ' + fault.old.strip()[:40]}"


def planted(fault: Fault) -> dict[str, str]:
    """Return the files with the fault."""
    text = committed()[fault.file]
    assert text.count(fault.old) == 1, f"{fault.old!r} is {text.count(fault.old)} times in {fault.file}"
    return {**committed(), fault.file: text.replace(fault.old, fault.new)}


def module_of(test: str) -> ModuleType:
    (module,) = [module for module in MODULES if hasattr(module, test)]
    return module


def run(fault: Fault, patch: pytest.MonkeyPatch, day: Store) -> None:
    """Run the test that should see the fault. Raises what the test raises."""
    test, _, argument = fault.seen_by.partition(" ")
    files, module = planted(fault), module_of(test)
    if module is test_alerts:
        patch.setattr(module, "RULES", deployed(Azure(files)))
    elif module in RULES:
        patch.setattr(module, "RULE", deployed(Azure(files))[RULES[module]])
    function = getattr(module, test)
    fixtures: Mapping[str, Any] = {"azure": Azure(files), "cluster": Cluster(files), "day": day}
    values = ARGUMENTS.get(test, (int(argument) if argument.isdigit() else argument,))
    rest = iter(values)
    function(*(fixtures[name] if name in fixtures else next(rest) for name in inspect.signature(function).parameters))


@pytest.fixture(scope="module")
def day() -> Iterator[Store]:
    with closing(sound_store()) as store:
        yield store


def test_there_are_faults_of_all_kinds_and_no_two_are_the_same() -> None:
    faults = (*IN_AZURE, *CLUSTER)
    assert len(set(faults)) == len(faults) >= 40
    assert len({fault.seen_by for fault in faults}) >= 30


@pytest.mark.parametrize("fault", IN_AZURE, ids=name)
def test_a_fault_in_the_deployment_is_seen(fault: Fault, monkeypatch: pytest.MonkeyPatch, day: Store) -> None:
    with pytest.raises((AssertionError, BicepError)):
        run(fault, monkeypatch, day)


@pytest.mark.skipif(not kubectl(), reason="kubectl, which renders the overlays, is not installed: CI has it")
@pytest.mark.parametrize("fault", CLUSTER, ids=name)
def test_a_fault_in_the_cluster_is_seen(fault: Fault, monkeypatch: pytest.MonkeyPatch, day: Store) -> None:
    with pytest.raises(AssertionError):
        run(fault, monkeypatch, day)
