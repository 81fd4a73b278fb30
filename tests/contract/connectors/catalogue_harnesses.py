"""The back-ends under the catalogue suite. Each is registered when its harness module is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec

from tests.contract.connectors.catalogue_harness import CatalogueUnderTest

NAMES = ("business_central", "dataverse", "finance")


def harnesses() -> Mapping[str, Callable[[], CatalogueUnderTest]]:
    modules = {name: f"tests.contract.connectors.{name}_catalogue" for name in NAMES}
    return {name: import_module(module).catalogue for name, module in modules.items() if find_spec(module)}
