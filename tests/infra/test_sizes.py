"""The sizes, and the parameters that azd sets."""

import json
import re

from tests.infra.azure import ROOT, Azure


def test_a_size_meets_the_limits_of_flex_consumption(azure: Azure) -> None:
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))["extensions"]["http"]
    for row in json.loads(azure.files["infra/sizes.json"]).values():
        assert row["instanceMemoryMB"] in (512, 2048, 4096)
        assert 40 <= row["maximumInstanceCount"] <= 1000
        assert 1 <= row["perInstanceConcurrency"] <= host["maxConcurrentRequests"]
        assert row["alwaysReady"] <= row["maximumInstanceCount"]
        assert row["alwaysReady"] >= 2 or not row["zoneRedundant"]


def test_every_size_is_allowed_and_no_other(azure: Azure) -> None:
    (size,) = [p for p in azure.template.parameters if (p.file, p.name) == ("infra/main.bicep", "size")]
    assert size.allowed == list(json.loads(azure.files["infra/sizes.json"]))
    small, large = (set(row) for row in json.loads(azure.files["infra/sizes.json"]).values())
    assert small == large


def test_a_larger_size_has_more_of_everything(azure: Azure) -> None:
    small, large = json.loads(azure.files["infra/sizes.json"]).values()
    for name in ("maximumInstanceCount", "perInstanceConcurrency", "alwaysReady", "retentionDays"):
        assert small[name] < large[name]


def test_azd_sets_parameters_of_main_and_all_required_ones(azure: Azure) -> None:
    azd = json.loads(azure.files["infra/main.parameters.json"])["parameters"]
    declared = {p.name: p for p in azure.template.parameters if p.file == "infra/main.bicep"}
    assert set(azd) == set(declared) - {"appSettings"}
    assert {name for name, parameter in declared.items() if parameter.required} <= set(azd)


def test_azd_s_defaults_are_those_of_main(azure: Azure) -> None:
    azd = json.loads(azure.files["infra/main.parameters.json"])["parameters"]
    defaults = {n: m[1] for n, v in azd.items() if (m := re.fullmatch(r"\$\{\w+=(.*)\}", v["value"]))}
    given = {name: {"true": True, "false": False}.get(value, value) for name, value in defaults.items()}
    same = azure.given(**given)
    plain = Azure(azure.files, alertEmail="", operatorId="", githubSubjectPrefix="")
    assert [r.id for r in same.template.resources] == [r.id for r in plain.template.resources]
    first, second = (json.dumps([r.body for r in a.template.resources], default=lambda r: r.id) for a in (same, plain))
    assert first == second
