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

from local.dynamics.finance.generate_catalogue import SETS as CATALOGUE
from local.dynamics.finance.generate_catalogue import SOURCE as CATALOGUE_SOURCE
from local.dynamics.finance.generate_catalogue import VARIANT_TEXTS

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
# On-hand by warehouse is in the source, too; its key is documented.
ON_HAND = ("WarehouseOnHandV2", ("dataAreaId", "ItemNumber", *DIMENSIONS, "InventorySiteId", "InventoryWarehouseId"))
# Not in the source; the fields are the documented key and the two numbers.
VARIANTS = ("dataAreaId", "ProductMasterNumber", *DIMENSIONS, "ItemNumber", "ProductVariantNumber", "ProductName")
# Not in the source either: set-up that others look up. Names and keys follow Microsoft's published dual-write mappings
# (MicrosoftDocs/dynamics-365-unified-operations-public, tax and customer groups) and published clients of the service.
MASTERS_SOURCE = "names and keys from Microsoft's dual-write mapping reference and published clients; no licence needed"
MASTERS: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "LegalEntities": ("LegalEntity", ("LegalEntityId",), "Name"),
    "TaxGroups": ("TaxGroup", ("dataAreaId", "TaxGroupCode"), "Description"),
    "TaxItemGroupHeadings": ("TaxItemGroupHeading", ("dataAreaId", "TaxItemGroup"), "Name"),
    "CustomerGroups": ("CustomerGroup", ("dataAreaId", "CustomerGroupId"), "Description"),
    "OperationalSitesV2": ("OperationalSiteV2", ("dataAreaId", "SiteId"), "SiteName"),
    "SalesOrderOriginCodes": ("SalesOrderOriginCode", ("dataAreaId", "OriginCode"), "OriginDescription"),
    "SalesOrderPools": ("SalesOrderPool", ("dataAreaId", "PoolId"), "PoolName"),
    "DeliveryModesV2": ("DeliveryModeV2", ("dataAreaId", "ModeCode"), "ModeDescription"),
    "CustomerPaymentMethods": ("CustomerPaymentMethod", ("dataAreaId", "Name"), "Description"),
    "PaymentTerms": ("PaymentTerm", ("dataAreaId", "Name"), "Description"),
}
# Not in the source: all postal addresses of a party. Names and key are those of the published service as public clients
# have them (SAP Cloud SDK for JavaScript, Apache-2.0, generated from $metadata); lengths as of the other addresses.
LOCATIONS_SOURCE = "names and key as in published clients of the service; to be verified on a tenant"
LOCATIONS_KEY = ("PartyNumber", "LocationId", "ValidFrom")
LOCATION_TEXTS = (
    *("Description", "Street", "StreetNumber", "BuildingCompliment", "PostBox", "City", "DistrictName", "County"),
    *("State", "ZipCode", "CountryRegionId", "CountryRegionISOCode", "Address", "AttentionToAddressLine", "Roles"),
)
LOCATION_FLAGS = (
    *("IsPrimary", "IsRoleBusiness", "IsRoleDelivery", "IsRoleHome", "IsRoleInvoice"),
    *("IsLocationOwner", "IsPrivate", "IsPrivatePostalAddress", "IsPrimaryTaxRegistration"),
)
LOCATION_READ_ONLY = (
    "CountryRegionISOCode",
    "Address",
    "IsRoleBusiness",
    "IsRoleDelivery",
    "IsRoleHome",
    "IsRoleInvoice",
)
LOCATION_LENGTHS = {"Description": 60, "Street": 250, "City": 60, "State": 10, "ZipCode": 10, "Roles": 1000}
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
# The connector must never write set-up; type names like CustomerGroup begin as those of what it writes.
READ_ONLY_SET: Mapping[str, Any] = {"insertable": False, "modifiable": False, "deletable": False}
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
    ("DiscountPriceGroupId", 10),
    ("PaymentTerms", 10),
    ("LanguageId", 7),
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


def locations_definition() -> dict[str, Any]:
    """Return the entity set with all postal addresses of a party; which are default ones the server says."""
    texts = dict.fromkeys((*LOCATIONS_KEY, "ValidTo", *LOCATION_TEXTS), "string")
    definition = entity_set_definition(
        "PartyLocationPostalAddressV2", LOCATIONS_KEY, texts | dict.fromkeys(LOCATION_FLAGS, "NoYes")
    )
    fields = definition["fields"]
    for name in ("ValidFrom", "ValidTo"):
        fields[name] = {"type": "Edm.DateTimeOffset", "empty": EMPTY_DATE}
    fields["PartyNumber"].pop("readOnly")  # of customers it is: here it says whose address it is
    for name in LOCATION_READ_ONLY:
        fields[name]["readOnly"] = True
    for name, length in LOCATION_LENGTHS.items():
        fields[name]["maxLength"] = length
    writable = {"insertable": True, "modifiable": True, "deletable": True}
    return {"source": LOCATIONS_SOURCE, **definition, **writable}


def mark_customer_locations(sets: Mapping[str, Any]) -> None:
    """Make the ids of a customer's addresses the server's own; those of an order may be chosen."""
    for prefix in ("Address", "DeliveryAddress", "InvoiceAddress"):
        sets["CustomersV3"]["fields"][f"{prefix}LocationId"]["readOnly"] = True


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
    on_hand = {field: part["type"] for field, part in entities[ON_HAND[0]].items()}
    sets["WarehousesOnHandV2"] = {**entity_set_definition(*ON_HAND, on_hand), **READ_ONLY_SET}
    variants = dict.fromkeys((*VARIANTS, *VARIANT_TEXTS), "string")
    sets["ReleasedProductVariantsV2"] = entity_set_definition("ReleasedProductVariantV2", VARIANTS[:7], variants)
    mark_customer_locations(sets)
    sets["PartyLocationPostalAddressesV2"] = locations_definition()
    for name, (kind, key, text) in MASTERS.items():
        fields = dict.fromkeys((*key, text), "string")
        sets[name] = {"source": MASTERS_SOURCE, **entity_set_definition(kind, key, fields), **READ_ONLY_SET}
    for name, (kind, key, types) in CATALOGUE.items():
        sets[name] = {"source": CATALOGUE_SOURCE, **entity_set_definition(kind, key, types), **READ_ONLY_SET}
    return {"source": source["_source"], "namespace": NAMESPACE, "entitySets": sets}


def main(arguments: list[str]) -> None:
    """Write the reduced file."""
    default = Path(__file__).parent.parent / "data" / "finance.json"
    target = Path(arguments[1]) if len(arguments) > 1 else default
    source = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    target.write_text(json.dumps(generate(source), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
