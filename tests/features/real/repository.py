"""Create a Feast repository with a SQLite store, and fill it: `repository.py FOLDER`, in Feast's environment.

`patients` has an Int64 key, `people` a String key. Both have the rows of server.py.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Bool, Float64, String

FOLDER = Path(sys.argv[1])
CONFIGURATION = """
project: tests
registry: registry.db
provider: local
online_store: {type: sqlite, path: online.db}
entity_key_serialization_version: 3
"""
SCHEMA = [Field(name="x", dtype=Float64), Field(name="sex", dtype=String), Field(name="smokes", dtype=Bool)]


def view(name: str, key: str, kind: ValueType) -> list[Any]:
    """Return an entity and its view. No row is ever read from the view's file."""
    entity = Entity(name=name, join_keys=[key], value_type=kind)
    source = FileSource(path=str(FOLDER / f"{name}.parquet"), timestamp_field="event_timestamp")
    pd.DataFrame({key: [], "event_timestamp": []}).to_parquet(FOLDER / f"{name}.parquet")
    return [entity, FeatureView(name=name, entities=[entity], schema=SCHEMA, source=source, ttl=timedelta(0))]


def rows(key: str, values: dict[str, dict[str, Any]], kind: type) -> pd.DataFrame:
    """Return rows as Feast writes them to its online store."""
    entities = [{key: kind(entity), **row} for entity, row in values.items()]
    return pd.DataFrame([{**row, "event_timestamp": datetime.now(UTC)} for row in entities])


(FOLDER / "feature_store.yaml").write_text(CONFIGURATION, encoding="utf-8")
patients, people = view("patients", "patient_id", ValueType.INT64), view("people", "person_id", ValueType.STRING)
store = FeatureStore(str(FOLDER))
store.apply([*patients, *people, FeatureService(name="slr", features=[patients[1]])])
content = json.load(sys.stdin)
store.write_to_online_store("patients", rows("patient_id", content["patients"], int))
store.write_to_online_store("people", rows("person_id", content["people"], str))
