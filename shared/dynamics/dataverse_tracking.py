"""Change tracking of Dataverse tables: whether it is on, and switching it on."""

from __future__ import annotations

from shared.dynamics.odata import ODataClient

TRACKED = ("account", "contact", "product", "productpricelevel")  # whose changes are pulled
_ANNOTATIONS = ("@odata.context", "@odata.etag")


async def is_tracked(api: ODataClient, table: str, correlation_id: str) -> bool:
    """Tell whether changes of a table can be listed."""
    row = await api.get(_definition(table), correlation_id, select="ChangeTrackingEnabled")
    return bool(row.get("ChangeTrackingEnabled"))


async def track(api: ODataClient, table: str, correlation_id: str) -> None:
    """Switch change tracking on. A definition can only be written as a whole, so it is read and sent back."""
    path = _definition(table)
    definition = await api.get(path, correlation_id)
    body = {name: value for name, value in definition.items() if name not in _ANNOTATIONS}
    await api.call("PUT", path, correlation_id, json={**body, "ChangeTrackingEnabled": True})
    published = f"<importexportxml><entities><entity>{table}</entity></entities></importexportxml>"
    await api.call("POST", "PublishXml", correlation_id, json={"ParameterXml": published})


def _definition(table: str) -> str:
    return f"EntityDefinitions(LogicalName='{table}')"
