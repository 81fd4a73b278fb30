"""State in Azure Tables. Importing this package imports the Azure SDK: only `shared/app.py` does, and lazily."""

from __future__ import annotations

from shared.state.tables.state import TablesState

__all__ = ["TablesState"]
