"""Rules of document lines: values in order, then the whole document is recomputed."""

import uuid
from collections.abc import Mapping
from typing import Any

from local.dynamics.business_central.documents import DocumentRules
from local.dynamics.business_central.masters import CompanyRules
from local.dynamics.business_central.messages import dialog
from local.dynamics.business_central.sales_lines import LineContext, apply_all
from local.dynamics.odata.definitions import ZERO_GUID, EntitySet, Row
from local.dynamics.odata.query import Query

LINE_STEP = 10_000


class LineRules(CompanyRules):
    """Lines: values in order, then the whole document is recomputed."""

    def __init__(self, documents: DocumentRules, entity_set: EntitySet) -> None:
        super().__init__(documents.companies, entity_set, documents.clock)
        self._documents = documents

    def check_listing(self, query: Query, parent: str | None) -> None:
        """Refuse to list the lines of all documents."""
        known = query.filter.equalities if query.filter else {}
        if parent is None and "id" not in known and "documentId" not in known:
            raise dialog("You must specify an Id or a Document Id to get the lines.")

    def check_nested(self, body: Mapping[str, Any]) -> None:
        """Refuse a line number in a deep insert."""
        if "sequence" in body:
            raise dialog("You cannot change the value of the SystemId field.")

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new line at the end, or with the number that was sent."""
        header = self._header(scope, values.get("documentId", ZERO_GUID))
        numbers = [int(line["sequence"]) for line in self._documents.totals.lines(scope, header["id"])]
        sequence = values.get("sequence", max(numbers, default=0) + LINE_STEP)
        if sequence in numbers:
            raise dialog(f"The line {sequence} already exists in document {header['number']}.")
        row = self.entity_set.defaults() | {"id": str(uuid.uuid4()), "documentId": header["id"], "sequence": sequence}
        return self._store(scope, header, apply_all(LineContext(self.companies, scope, header), row, values))

    def inserted_deep(self, scope: str, row: Row) -> Row:
        """Return the line with its computed amounts."""
        return self.store.table(scope, self.entity_set.name).rows[(row["id"],)]

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """Store the changed line."""
        header = self._header(scope, row["documentId"])
        return self._store(scope, header, apply_all(LineContext(self.companies, scope, header), row, values))

    def delete(self, scope: str, row: Row) -> None:
        """Remove the line."""
        self._header(scope, row["documentId"])
        super().delete(scope, row)
        self._documents.line_changed(scope, row["documentId"])

    def _header(self, scope: str, document_id: str) -> Row:
        header = self.companies.require(scope, self._documents.entity_set.name, "id", document_id, named="documentId")
        self._documents.check_changeable(header)
        return header

    def _store(self, scope: str, header: Row, row: Row) -> Row:
        self.save(scope, row)
        self._documents.line_changed(scope, header["id"])
        return self.inserted_deep(scope, row)
