"""Reduces the published Finance & Supply Chain entities to those that the simulator serves.

Usage: python -m local.dynamics.finance.generate_definitions SOURCE.json [TARGET.json]

The source has names and types. Keys and enumeration members follow the published documentation; text lengths and which
fields are read-only are from experience with the product and must be checked on a tenant's own $metadata.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAMESPACE = "Microsoft.Dynamics.DataEntities"
EMPTY_DATE = "1900-01-01T12:00:00Z"
ENUMS: Mapping[str, tuple[str, ...]] = {
    "NoYes": ("No", "Yes"),
    "SalesStatus": ("None", "Backorder", "Delivered", "Invoiced", "Canceled"),
    "SalesOrderProcessingStatus": (
        "Active",
        "Confirmed",
        "Picked",
        "PartiallyDelivered",
        "Delivered",
        "Invoiced",
        "PartiallyInvoiced",
        "Canceled",
        "DeliveredPartiallyInvoiced",
    ),
    "ItemReservation": ("None", "Automatic", "Explosion"),
    "CustVendorBlocked": ("No", "Invoice", "All", "Payment", "Requisition", "Never", "PurchOrder"),
}
TYPES: Mapping[str, str] = {
    "string": "Edm.String",
    "decimal": "Edm.Decimal",
    "int": "Edm.Int64",
    "int:Signed32": "Edm.Int32",
}
# Entity set: name of its type in the source, key.
SETS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "SalesOrderHeadersV2": ("SalesOrderHeaderV2", ("dataAreaId", "SalesOrderNumber")),
    "SalesOrderLines": ("SalesOrderLine", ("dataAreaId", "InventoryLotId")),
    "CustomersV3": ("CustomerV3", ("dataAreaId", "CustomerAccount")),
    "ReleasedProductsV2": ("ReleasedProductV2", ("dataAreaId", "ItemNumber")),
    "Warehouses": ("Warehouse", ("dataAreaId", "WarehouseId")),
}
DIMENSIONS = ("ProductConfigurationId", "ProductSizeId", "ProductColorId", "ProductStyleId", "ProductVersionId")
# Not in the source; the fields are the documented key and the two numbers.
VARIANTS = ("dataAreaId", "ProductMasterNumber", *DIMENSIONS, "ItemNumber", "ProductVariantNumber", "ProductName")
READ_ONLY = frozenset(
    {
        "OrderTotalAmount",
        "OrderTotalTaxAmount",
        "OrderTotalChargesAmount",
        "OrderTotalDiscountAmount",
        "OrderHeaderTaxAmount",
        "OrderCreationDateTime",
        "SalesOrderStatus",
        "SalesOrderProcessingStatus",
        "SalesOrderLineStatus",
        "InventoryLotId",
        "PartyNumber",
    }
)
_READ_ONLY_NAMES = re.compile(r"Formatted\w+|FullPrimaryAddress|\w+CountryRegionISOCode")
_DATE_NAMES = re.compile(r"\w+(Date|DateTime|ValidFrom|ValidTo)")
# The longest texts of fields by the end of their names; the first that fits counts.
LENGTHS: tuple[tuple[str, int], ...] = (
    ("dataAreaId", 4),
    ("CustomersOrderReference", 60),
    ("CustomerRequisitionNumber", 20),
    ("SalesOrderNumber", 20),
    ("CustomerAccount", 20),
    ("AccountNumber", 20),
    ("ItemNumber", 20),
    ("ProductVariantNumber", 70),
    ("AddressName", 60),
    ("AddressDescription", 60),
    ("AddressStreet", 250),
    ("AddressCity", 60),
    ("AddressZipCode", 10),
    ("AddressStateId", 10),
    ("AddressState", 10),
    ("CountryRegionId", 10),
    ("SalesOrderName", 60),
    ("OrganizationName", 100),
    ("PersonFirstName", 25),
    ("PersonMiddleName", 25),
    ("PersonLastName", 25),
    ("NameAlias", 20),
    ("PrimaryContactEmail", 255),
    ("PrimaryContactPhone", 255),
    ("Email", 80),
    ("LineDescription", 1000),
    ("CurrencyCode", 3),
    ("WarehouseId", 10),
    ("SiteId", 10),
    ("GroupCode", 10),
    ("SalesTaxGroup", 10),
    ("CustomerGroupId", 10),
    ("TaxExemptNumber", 20),
    *((name, 10) for name in DIMENSIONS),
)


def field_definition(name: str, kind: str) -> dict[str, Any] | None:
    """Return one field; None for an enumeration whose members nobody has published."""
    result: dict[str, Any] = {"type": TYPES.get(kind, kind)}
    if kind in ENUMS:
        result |= {"type": "Enum", "enum": f"{NAMESPACE}.{kind}", "options": list(ENUMS[kind])}
    elif kind not in TYPES:
        return None
    elif kind == "string" and _DATE_NAMES.fullmatch(name):
        result |= {"type": "Edm.DateTimeOffset", "empty": EMPTY_DATE}
    elif kind == "string":
        length = next((length for ending, length in LENGTHS if name.endswith(ending)), None)
        result |= {"maxLength": length} if length else {}
    if name in READ_ONLY or _READ_ONLY_NAMES.fullmatch(name):
        result["readOnly"] = True
    return result


def entity_set_definition(type_name: str, key: tuple[str, ...], fields: Mapping[str, str]) -> dict[str, Any]:
    """Return one entity set."""
    definitions = {name: field_definition(name, kind) for name, kind in fields.items() if "@" not in name}
    writable = type_name.startswith(("SalesOrder", "Customer"))
    return {
        "entityName": type_name,
        "key": list(key),
        "insertable": writable,
        "modifiable": writable,
        "deletable": writable,
        "fields": {name: field for name, field in definitions.items() if field is not None},
        "navigation": {},
        "actions": [],
    }


def generate(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return the reduced definitions with their source and licence."""
    entities = source["entities"]
    sets = {
        name: entity_set_definition(kind, key, {field: part["type"] for field, part in entities[kind].items()})
        for name, (kind, key) in SETS.items()
    }
    # The name of the navigation is not published either: the connector uses it only where an option names it.
    link = {"entitySet": "SalesOrderLines", "many": True, "childField": "SalesOrderNumber"}
    sets["SalesOrderHeadersV2"]["navigation"] = {"SalesOrderLines": link | {"parentField": "SalesOrderNumber"}}
    variants = dict.fromkeys(VARIANTS, "string")
    sets["ReleasedProductVariantsV2"] = entity_set_definition("ReleasedProductVariantV2", VARIANTS[:7], variants)
    return {"source": source["_source"], "namespace": NAMESPACE, "entitySets": sets}


def main(arguments: list[str]) -> None:
    """Write the reduced file."""
    default = Path(__file__).parent.parent / "data" / "finance.json"
    target = Path(arguments[1]) if len(arguments) > 1 else default
    source = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    target.write_text(json.dumps(generate(source), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
