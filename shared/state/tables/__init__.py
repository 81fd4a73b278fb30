"""State in Azure Tables. Importing it imports the Azure SDK: only `shared/composition.py` does, and lazily."""

from __future__ import annotations

from shared.state.tables.state import TablesState

__all__ = ["TablesState"]
