"""The RemoteExecutionContext that a webhook is sent: an event as JSON, without values when it would be too long."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from local.dynamics.dataverse.changes import Happened
from local.dynamics.dataverse.values import TYPE_SUFFIX
from local.dynamics.odata.product import json_number

CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
DROPPED = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")


@dataclass(frozen=True)
class Organisation:
    """Who sends."""

    name: str
    organization_id: str
    user_id: str
    business_unit_id: str


def message_of(event: Happened) -> str:
    """Return the name of the message."""
    if event.before is None:
        return "Create"
    return "Delete" if event.after is None else "Update"


def changed_columns(event: Happened) -> Mapping[str, Any]:
    """Return the columns that a message carries: those that differ."""
    before, after = event.before or {}, event.after or {}
    return {
        name: value
        for name, value in after.items()
        if not name.startswith("@") and not name.endswith(TYPE_SUFFIX) and before.get(name) != value
    }


def remote_context(event: Happened, table: str, step_id: str, owner: Organisation, now: datetime) -> dict[str, Any]:
    """Return the context of one event for one step."""
    reference: dict[str, Any] = {"Id": event.row_id, "KeyAttributes": [], "LogicalName": table, "RowVersion": None}
    attributes = [{"key": name, "value": _value(value)} for name, value in changed_columns(event).items()]
    entity = {"__type": f"Entity:{CONTRACTS}", **reference, "Attributes": attributes, "FormattedValues": []}
    gone = {"__type": f"EntityReference:{CONTRACTS}", **reference, "Name": None}
    target = gone if event.after is None else entity
    return {
        "BusinessUnitId": owner.business_unit_id,
        "CorrelationId": str(uuid.uuid4()),
        "Depth": 1,
        "InitiatingUserId": owner.user_id,
        "InputParameters": [{"key": "Target", "value": target}],
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": message_of(event),
        "Mode": 1,
        "OperationCreatedOn": moment(now),
        "OperationId": str(uuid.uuid4()),
        "OrganizationId": owner.organization_id,
        "OrganizationName": owner.name,
        "OutputParameters": [],
        "OwningExtension": {"Id": step_id, "KeyAttributes": [], "LogicalName": "sdkmessageprocessingstep"},
        "ParentContext": None,
        "PostEntityImages": [],
        "PreEntityImages": [],
        "PrimaryEntityId": event.row_id,
        "PrimaryEntityName": table,
        "RequestId": None,
        "SecondaryEntityName": "none",
        "SharedVariables": [],
        "Stage": 40,
        "UserId": owner.user_id,
    }


def body_of(context: Mapping[str, Any], limit: int) -> tuple[bytes, bool]:
    """Return the request body, and whether values had to be dropped from it."""
    body = json.dumps(context, default=json_number).encode()
    if len(body) <= limit:
        return body, False
    short = {name: value for name, value in context.items() if name not in DROPPED}
    return json.dumps(short, default=json_number).encode(), True


def moment(when: datetime) -> str:
    """Spell a moment as the context does."""
    return f"/Date({int(when.timestamp() * 1000)}+0000)/"


def _value(value: Any) -> Any:
    if isinstance(value, str) and value.endswith("Z"):
        try:
            return f"/Date({int(datetime.fromisoformat(value).timestamp() * 1000)})/"
        except ValueError:
            return value
    return {"Value": value} if isinstance(value, Decimal) else value
