"""Request bodies → stored values: binds, access, option sets, ranges, lengths."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from local.dynamics.dataverse.catalogue import Table
from local.dynamics.dataverse.messages import MESSAGES
from local.dynamics.odata.definitions import Row
from local.dynamics.odata.validate import Validator

BIND = "@odata.bind"
# Which kind of row a polymorphic lookup points to; never leaves the simulator.
TYPE_SUFFIX = "$type"
_REFERENCE = re.compile(r"(?:https?://[^/]+)?/?(?:api/data/v9\.\d/)?(?P<path>\w+\(.*\))")

Finder = Callable[[str, str, str], str]


class Values:
    """Checks bodies against the tables. `find` returns the id of the row that a bound path names, or raises."""

    def __init__(self, find: Finder) -> None:
        self._validator = Validator(MESSAGES)
        self._find = find

    def of(self, table: Table, body: Mapping[str, Any], *, creating: bool) -> Row:
        """Return the values to store or raise Dataverse's error."""
        own = {name: value for name, value in body.items() if "@" not in name}
        for name in own:
            self._check_access(table, name, creating=creating)
        values = self._validator.body(table.entity_set, own)
        for name, value in values.items():
            _check_range(table, name, value)
        return values | self._bound(table, body, creating=creating)

    def _check_access(self, table: Table, name: str, *, creating: bool) -> None:
        access = table.column(name).access
        if access == "update" and creating:
            raise MESSAGES.error("not_for_create", property=name, type=table.name)
        if access == "create" and not creating:
            raise MESSAGES.error("not_for_update", property=name, type=table.name)

    def _bound(self, table: Table, body: Mapping[str, Any], *, creating: bool) -> Row:
        result: Row = {}
        for name, value in body.items():
            if not name.endswith(BIND):
                continue
            lookup = table.lookups.get(name.removesuffix(BIND))
            if lookup is None:
                raise MESSAGES.error("undeclared_property", property=name.removesuffix(BIND))
            if lookup.access == "update" and creating:
                raise MESSAGES.error("not_for_create", property=lookup.column, type=table.name)
            if lookup.access == "create" and not creating:
                raise MESSAGES.error("not_for_update", property=lookup.column, type=table.name)
            found = self._referenced(name.removesuffix(BIND), lookup.target, value)
            result |= {lookup.stored_as: found, f"{lookup.stored_as}{TYPE_SUFFIX}": lookup.target}
        return result

    def _referenced(self, name: str, target: str, value: Any) -> str | None:
        if value is None:
            return None
        match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise MESSAGES.error("bad_bind", property=name, value=value, target=target)
        return self._find(match["path"], target, name)


def _check_range(table: Table, name: str, value: Any) -> None:
    column = table.column(name)
    if value is None:
        return
    if column.values and value not in column.values:
        raise MESSAGES.error("wrong_option", property=name, value=value, options=",".join(map(str, column.values)))
    too_low = column.low is not None and Decimal(value) < column.low
    if too_low or (column.high is not None and Decimal(value) > column.high):
        raise MESSAGES.error(
            "out_of_range", property=name, type=table.name, value=value, low=column.low, high=column.high
        )
