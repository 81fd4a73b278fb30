"""Reduces the derived Business Central metadata to the entity sets that the simulator serves.

Usage: python -m local.dynamics.generate_definitions SOURCE.json [TARGET.json]
"""

import json
import sys
from pathlib import Path
from typing import Any

ENTITY_SETS = (
    "accounts",
    "companyInformation",
    "contacts",
    "contactsInformation",
    "currencies",
    "customerPaymentJournals",
    "customerPayments",
    "customers",
    "dimensions",
    "itemCategories",
    "itemVariants",
    "items",
    "journals",
    "locations",
    "paymentMethods",
    "paymentTerms",
    "salesCreditMemoLines",
    "salesCreditMemos",
    "salesInvoiceLines",
    "salesInvoices",
    "salesOrderLines",
    "salesOrders",
    "salesShipmentLines",
    "salesShipments",
    "shipmentMethods",
    "taxAreas",
    "taxGroups",
    "unitsOfMeasure",
)
# companies is a system table, so the AL sources do not define it; the fields are the documented ones.
COMPANIES: dict[str, Any] = {
    "entityName": "company",
    "insertable": False,
    "modifiable": False,
    "deletable": False,
    "fields": {
        "id": {"type": "Edm.Guid", "readOnly": True},
        "systemVersion": {"type": "Edm.String", "readOnly": True},
        "name": {"type": "Edm.String", "maxLength": 30, "readOnly": True},
        "displayName": {"type": "Edm.String", "maxLength": 250, "readOnly": True},
        "businessProfileId": {"type": "Edm.String", "readOnly": True},
    },
    "navigation": {},
    "actions": [],
}
# subscriptions is a system table, too; the fields are the documented ones, of which the last four are left out.
SUBSCRIPTIONS: dict[str, Any] = {
    "entityName": "subscription",
    "key": ["subscriptionId"],
    "insertable": True,
    "modifiable": True,
    "deletable": True,
    "fields": {
        "subscriptionId": {"type": "Edm.String", "maxLength": 150, "readOnly": True},
        "notificationUrl": {"type": "Edm.String"},
        "resource": {"type": "Edm.String"},
        "timestamp": {"type": "Edm.Int64", "readOnly": True},
        "userId": {"type": "Edm.Guid", "readOnly": True},
        "lastModifiedDateTime": {"type": "Edm.DateTimeOffset", "readOnly": True},
        "clientState": {"type": "Edm.String", "maxLength": 2048},
        "expirationDateTime": {"type": "Edm.DateTimeOffset", "readOnly": True},
    },
    "navigation": {},
    "actions": [],
}
# The column of the child that holds the parent's id, by the AL field the page part is linked with.
PARENT_LINKS = {
    '"Document Id" = field(Id)': ("documentId", "id"),
    '"Item Id" = field(SystemId)': ("itemId", "id"),
    '"Journal Batch Id" = field(SystemId)': ("journalId", "id"),
    'SystemId = field("Unit of Measure Id")': ("id", "baseUnitOfMeasureId"),
    'SystemId = field("Location Id")': ("id", "locationId"),
    '"Document Id" = field(SystemId)': ("documentId", "id"),
    '"Related Id" = field(SystemId), "Related Type" = const(Customer)': ("relatedId", "id"),
}
KEYS = {"contactsInformation": ["contactId"]}  # all others have id


def xml_name(option: str) -> str:
    """Return the option's name as it stands in JSON."""
    escapes = {" ": "_x0020_", "-": "_x002D_", ".": "_x002E_", "/": "_x002F_", "(": "_x0028_", ")": "_x0029_"}
    return "".join(escapes.get(char, char) for char in option)


def field_definition(source: dict[str, Any], enums: dict[str, Any]) -> dict[str, Any]:
    """Return one field of the reduced file."""
    kind = source["type"]
    result: dict[str, Any] = {"type": "Enum" if kind.startswith("Enum") else kind}
    if kind == "Enum":
        result["options"] = [option["odataName"] for option in enums[source["enum"]]]
    elif kind == "Enum(option)":
        result["options"] = [xml_name(name.strip('"')) for name in source["optionMembers"].split(",")]
    if "maxLength" in source:
        result["maxLength"] = source["maxLength"]
    if source.get("al", "").startswith("Code["):
        result["code"] = True
    if source.get("readOnly") or source["source"].startswith("SystemModifiedAt"):
        result["readOnly"] = True
    return result


def navigation_definition(source: dict[str, Any]) -> dict[str, Any] | None:
    """Return a navigation property, or None when the simulator does not serve its target."""
    link = PARENT_LINKS.get(source.get("subPageLink") or "")
    if link is None or source["entitySetName"] not in ENTITY_SETS:
        return None
    many = source["multiplicity"] == "Many"
    return {"entitySet": source["entitySetName"], "many": many, "childField": link[0], "parentField": link[1]}


def entity_set_definition(source: dict[str, Any], enums: dict[str, Any]) -> dict[str, Any]:
    """Return one entity set of the reduced file."""
    navigation = {name: navigation_definition(part) for name, part in source.get("navigation", {}).items()}
    return {
        "entityName": source["entityName"],
        "insertable": source["insertAllowed"],
        "modifiable": source["modifyAllowed"],
        "deletable": source["deleteAllowed"],
        "fields": {
            name: field_definition(part, enums)
            for name, part in source["fields"].items()
            if part["type"] != "Edm.Stream"  # never part of a row
        },
        "navigation": {name: part for name, part in navigation.items() if part is not None},
        "actions": [action["odata"].rpartition(".")[2] for action in source.get("actions") or []],
    }


def generate(source: dict[str, Any]) -> dict[str, Any]:
    """Return the reduced definitions with their source and licence."""
    sets = {name: entity_set_definition(source["entitySets"][name], source["enums"]) for name in ENTITY_SETS}
    for name, key in KEYS.items():
        sets[name]["key"] = key
    return {
        "source": source["_source"],
        "namespace": "Microsoft.NAV",
        "entitySets": {"companies": COMPANIES, "subscriptions": SUBSCRIPTIONS, **sets},
    }


def main(arguments: list[str]) -> None:
    """Write the reduced file."""
    default = Path(__file__).parent / "data" / "business_central.json"
    target = Path(arguments[1]) if len(arguments) > 1 else default
    source = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    target.write_text(json.dumps(generate(source), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
