"""EntityDefinitions, as far as a set-up needs it: text columns, alternate keys, change tracking."""

import re
import uuid
from collections.abc import Mapping
from typing import Any

from local.dynamics.dataverse.catalogue import ACTIVE, FAILED, PENDING, AlternateKey, Catalogue, Table
from local.dynamics.dataverse.messages import MESSAGES
from local.dynamics.dataverse.service import SCOPE, Operation
from local.dynamics.odata.definitions import Field
from local.dynamics.odata.paths import Segment, parse_path
from local.dynamics.odata.product import Request, Response
from local.dynamics.odata.store import Store

PREFIXED = re.compile(r"[A-Za-z][A-Za-z0-9]{1,7}_\w+")
NAMESPACE = uuid.UUID("0f4d1e1e-7b0e-4d7f-9a57-6f8f2b6c9d10")
TEXT = "#Microsoft.Dynamics.CRM.StringAttributeMetadata"
MAX_TEXT = 4000
MAX_KEYS = 10
ATTRIBUTE_TYPES = {
    "Edm.String": "String",
    "Edm.Guid": "Uniqueidentifier",
    "Edm.Decimal": "Decimal",
    "Edm.Int32": "Integer",
    "Edm.Int64": "BigInt",
    "Edm.Boolean": "Boolean",
    "Edm.DateTimeOffset": "DateTime",
}
_PUBLISHED = re.compile(r"<entity>(\w+)</entity>")
_EQUALS = re.compile(r"(\w+) eq '([^']*)'")


class Metadata:
    """The definitions of the catalogue's tables."""

    def __init__(self, catalogue: Catalogue, store: Store) -> None:
        self._catalogue = catalogue
        self._store = store

    def table(self) -> dict[tuple[str, str], Operation]:
        """Return the operations by method and name."""
        return {
            ("GET", "EntityDefinitions"): self._read,
            ("POST", "EntityDefinitions"): self._create,
            ("PUT", "EntityDefinitions"): self._replace,
            ("POST", "PublishXml"): self._publish,
        }

    def _read(self, request: Request, _body: Mapping[str, Any]) -> Response:
        table, rest = self._target(request)
        if not rest:
            return Response(200, _entity(table))
        name, key = rest[0].name, rest[0].key
        rows = self._attributes(table) if name == "Attributes" else self._keys(table)
        if key is not None:
            found = [row for row in rows if row["LogicalName"] == key[0]]
            if not found:
                raise MESSAGES.error("no_attribute", name=key[0], type=table.name)
            return Response(200, found[0])
        return Response(200, {"value": _filtered(rows, request.query.get("$filter", ""))})

    def _create(self, request: Request, body: Mapping[str, Any]) -> Response:
        table, rest = self._target(request)
        if len(rest) != 1 or rest[0].key is not None:
            raise MESSAGES.error("method_not_allowed", method="POST", name=request.path)
        schema_name = str(body.get("SchemaName", ""))
        if not PREFIXED.fullmatch(schema_name):
            raise MESSAGES.error("bad_metadata", reason=f"SchemaName '{schema_name}' needs a publisher's prefix")
        if rest[0].name == "Attributes":
            self._create_attribute(table, schema_name, body)
        else:
            self._create_key(table, schema_name, body)
        url = f"{request.root}/{request.path}({_id(table, schema_name.lower())})"
        return Response(204, None, {"OData-EntityId": url})

    def _replace(self, request: Request, body: Mapping[str, Any]) -> Response:
        """A PUT takes the whole definition: what it leaves out would be reset."""
        table, rest = self._target(request)
        if rest:
            raise MESSAGES.error("method_not_allowed", method="PUT", name=request.path)
        missing = _entity(table).keys() - body.keys()
        if missing:
            raise MESSAGES.error(
                "bad_metadata", reason=f"a PUT takes the whole definition: {sorted(missing)} is missing"
            )
        if not isinstance(body["ChangeTrackingEnabled"], bool):
            raise MESSAGES.error("bad_metadata", reason="ChangeTrackingEnabled is true or false")
        table.tracked = body["ChangeTrackingEnabled"]
        return Response(204)

    def _publish(self, _request: Request, body: Mapping[str, Any]) -> Response:
        names = _PUBLISHED.findall(str(body.get("ParameterXml", "")))
        if not names or any(self._catalogue.by_logical_name(name) is None for name in names):
            raise MESSAGES.error("bad_metadata", reason="ParameterXml names no entity that exists")
        return Response(204)

    def _target(self, request: Request) -> tuple[Table, list[Segment]]:
        segments = parse_path(request.path)
        key = segments[0].key or ("",)
        table = self._catalogue.by_logical_name(key[0]) if segments[0].names == ("LogicalName",) else None
        if table is None:
            raise MESSAGES.error("no_entity", name=key[0])
        if len(segments) > 1 and segments[1].name not in ("Attributes", "Keys"):
            raise MESSAGES.error("unknown_resource", name=segments[1].name)
        return table, segments[1:]

    def _attributes(self, table: Table) -> list[dict[str, Any]]:
        return [_attribute(table, field) for field in table.fields.values()]

    def _keys(self, table: Table) -> list[dict[str, Any]]:
        rows = [_key(table, key) for key in table.keys]
        for key in table.keys:
            self._index(table, key)  # the index of a new key is built in the background
        return rows

    def _create_attribute(self, table: Table, schema_name: str, body: Mapping[str, Any]) -> None:
        name = schema_name.lower()
        if name in table.fields:
            raise MESSAGES.error("attribute_exists", name=name)
        if str(body.get("@odata.type", "")).removeprefix("#") != TEXT.removeprefix("#"):
            raise MESSAGES.error("bad_metadata", reason="only StringAttributeMetadata is simulated")
        length = body.get("MaxLength")
        if not isinstance(length, int) or not 0 < length <= MAX_TEXT:
            raise MESSAGES.error("bad_metadata", reason=f"MaxLength must be between 1 and {MAX_TEXT}")
        _check_label(body)
        table.fields[name] = Field(name, "Edm.String", max_length=length, nullable=True)
        table.custom.add(name)
        rows = self._store.table(SCOPE, table.entity_set.name)
        for key, row in list(rows.rows.items()):
            rows.replace(key, row | {name: None})

    def _create_key(self, table: Table, schema_name: str, body: Mapping[str, Any]) -> None:
        name = schema_name.lower()
        attributes = body.get("KeyAttributes")
        if any(key.name == name for key in table.keys):
            raise MESSAGES.error("key_exists", name=name)
        if not isinstance(attributes, list) or not attributes or not set(attributes) <= set(table.fields):
            raise MESSAGES.error("bad_metadata", reason=f"KeyAttributes {attributes} are no columns of {table.name}")
        if len(table.keys) >= MAX_KEYS:
            raise MESSAGES.error("bad_metadata", reason=f"a table has {MAX_KEYS} alternate keys at most")
        _check_label(body)
        table.keys.append(AlternateKey(name, tuple(attributes)))

    def _index(self, table: Table, key: AlternateKey) -> None:
        if key.status != PENDING:
            return
        rows = self._store.table(SCOPE, table.entity_set.name).rows.values()
        values = [tuple(row[name] for name in key.attributes) for row in rows]
        values = [value for value in values if None not in value]
        key.status = ACTIVE if len(set(values)) == len(values) else FAILED


def _check_label(body: Mapping[str, Any]) -> None:
    label = body.get("DisplayName")
    if not isinstance(label, dict) or not label.get("LocalizedLabels"):
        raise MESSAGES.error("bad_metadata", reason="DisplayName needs LocalizedLabels")


def _filtered(rows: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    if not text:
        return rows
    match = _EQUALS.fullmatch(text)
    if match is None or match[1] not in ("LogicalName", "SchemaName"):
        raise MESSAGES.error("bad_filter", filter=text, reason="definitions are filtered by name only")
    return [row for row in rows if row[match[1]] == match[2]]


def _id(table: Table, name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{table.name}/{name}"))


def _entity(table: Table) -> dict[str, Any]:
    return {
        "LogicalName": table.name,
        "EntitySetName": table.entity_set.name,
        "PrimaryIdAttribute": table.id_column,
        "ChangeTrackingEnabled": table.tracked,
        "MetadataId": _id(table, ""),
    }


def _attribute(table: Table, field: Field) -> dict[str, Any]:
    length = {"MaxLength": field.max_length} if field.type == "Edm.String" else {}
    column = table.column(field.name)
    return {
        **({"@odata.type": TEXT} if length else {}),
        "LogicalName": field.name,
        "SchemaName": field.name,
        "AttributeType": ATTRIBUTE_TYPES[field.type],
        "IsCustomAttribute": field.name in table.custom,
        "IsValidForCreate": column.access in ("full", "create"),
        "IsValidForUpdate": column.access in ("full", "update"),
        "MetadataId": _id(table, field.name),
        **length,
    }


def _key(table: Table, key: AlternateKey) -> dict[str, Any]:
    return {
        "LogicalName": key.name,
        "SchemaName": key.name,
        "KeyAttributes": list(key.attributes),
        "EntityKeyIndexStatus": key.status,
        "MetadataId": _id(table, key.name),
    }
