"""Pairs of properties that name the same related row, by id and by code; both must agree."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.dynamics.business_central.company import Companies
from local.dynamics.business_central.messages import dialog
from local.dynamics.odata.definitions import ZERO_GUID, Row


@dataclass(frozen=True)
class Relation:
    """One related table; either property may be missing from the entity."""

    entity_set: str
    id_field: str | None
    code_field: str | None
    target_code: str = "code"


RELATIONS: Mapping[str, tuple[Relation, ...]] = {
    "customers": (
        Relation("paymentTerms", "paymentTermsId", None),
        Relation("shipmentMethods", "shipmentMethodId", None),
        Relation("paymentMethods", "paymentMethodId", None),
        Relation("taxAreas", "taxAreaId", None),
    ),
    "items": (
        Relation("itemCategories", "itemCategoryId", "itemCategoryCode"),
        Relation("taxGroups", "taxGroupId", "taxGroupCode"),
        Relation("unitsOfMeasure", "baseUnitOfMeasureId", "baseUnitOfMeasureCode"),
    ),
    "itemVariants": (Relation("items", "itemId", "itemNumber", "number"),),
    "customerPaymentJournals": (Relation("accounts", "balancingAccountId", "balancingAccountNumber", "number"),),
    "journals": (Relation("accounts", "balancingAccountId", "balancingAccountNumber", "number"),),
    "customerPayments": (
        Relation("customers", "customerId", "customerNumber", "number"),
        Relation("customerPaymentJournals", "journalId", "journalDisplayName"),
        Relation("salesInvoices", "appliesToInvoiceId", "appliesToInvoiceNumber", "number"),
    ),
    "documents": (
        Relation("paymentTerms", "paymentTermsId", None),
        Relation("shipmentMethods", "shipmentMethodId", None),
    ),
}


def resolve(
    companies: Companies, scope: str, relations: tuple[Relation, ...], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values with both properties of every pair filled in; an unknown or contradicting one is refused."""
    result = dict(values)
    for relation in relations:
        result |= _resolve_one(companies, scope, relation, values)
    return result


def _resolve_one(companies: Companies, scope: str, relation: Relation, values: Mapping[str, Any]) -> dict[str, Any]:
    by_id = _by_field(companies, scope, relation, values, relation.id_field, "id")
    by_code = _by_field(companies, scope, relation, values, relation.code_field, relation.target_code)
    if by_id and by_code and by_id["id"] != by_code["id"]:
        raise dialog(f'The "{relation.code_field}" and "{relation.id_field}" values do not belong to the same record.')
    row = by_id or by_code
    if row is None:
        return _blank(relation, values)
    pairs = ((relation.id_field, row["id"]), (relation.code_field, row[relation.target_code]))
    return {name: value for name, value in pairs if name is not None}


def _blank(relation: Relation, values: Mapping[str, Any]) -> dict[str, Any]:
    if relation.id_field not in values and relation.code_field not in values:
        return {}
    pairs = ((relation.id_field, ZERO_GUID), (relation.code_field, ""))
    return {name: value for name, value in pairs if name is not None}


def _by_field(
    companies: Companies, scope: str, relation: Relation, values: Mapping[str, Any], field: str | None, target: str
) -> Row | None:
    value = values.get(field, "") if field is not None else ""
    if value in ("", ZERO_GUID):
        return None
    return companies.require(scope, relation.entity_set, target, value, named=str(field))
