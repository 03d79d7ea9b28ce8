"""The functions of Bicep that infra/ uses, for values that are known before a deployment."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.infra.bicep.syntax import BicepError

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-0000000000aa"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-test"
TENANT = "00000000-0000-0000-0000-0000000000ff"


def unique_string(*parts: str) -> str:
    """Return 13 letters and digits that depend on all parts, as Azure's do."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:13]


def guid(*parts: str) -> str:
    """Return a UUID that depends on all parts."""
    return str(uuid5(NAMESPACE_URL, "\0".join(parts)))


def to_object(items: Sequence[Any], key: Callable[[Any], str], value: Callable[[Any], Any] = lambda item: item) -> Any:
    """Return a mapping with a member for each item."""
    return {key(item): value(item) for item in items}


def union(*values: Any) -> Any:
    """Return all members of objects, of which the last wins, or the different items of arrays."""
    if all(isinstance(value, Mapping) for value in values):
        return {name: member for value in values for name, member in value.items()}
    items = [item for value in values for item in value]
    return [item for index, item in enumerate(items) if item not in items[:index]]


def to_int(text: str | int) -> int:
    """Return a whole number. Raises BicepError, as a deployment fails for another text."""
    try:
        return int(text)
    except ValueError as error:
        raise BicepError(str(error)) from error


def subscription_resource_id(type_: str, *names: str) -> str:
    """Return the id of a resource of the subscription."""
    return f"{SUBSCRIPTION}/providers/{type_}/{'/'.join(names)}"


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "empty": lambda value: not value,
    "filter": lambda items, keep: [item for item in items if keep(item)],
    "guid": guid,
    "int": to_int,
    "json": json.loads,
    "length": len,
    "map": lambda items, change: [change(item) for item in items],
    "resourceGroup": lambda: {"id": GROUP, "location": "westeurope", "name": "rg-test"},
    "split": lambda text, separator: text.split(separator),
    "subscription": lambda: {"id": SUBSCRIPTION, "subscriptionId": SUBSCRIPTION.rpartition("/")[2]},
    "subscriptionResourceId": subscription_resource_id,
    "tenant": lambda: {"tenantId": TENANT},
    "toObject": to_object,
    "trim": str.strip,
    "union": union,
    "uniqueString": unique_string,
}
