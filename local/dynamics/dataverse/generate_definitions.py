"""Joins two published descriptions of the Sales tables to the definitions that the simulator serves.

Usage: python -m local.dynamics.dataverse.generate_definitions FROM_BC.json FROM_CDM.json [TARGET.json]

The integration tables of Business Central say type, access and option values of a column; the Common Data Model says
lengths and ranges. A column that both know takes each fact from where it stands.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

ENTITY_SETS = {
    "accounts": "account",
    "contacts": "contact",
    "customeraddresses": "customeraddress",
    "pricelevels": "pricelevel",
    "productpricelevels": "productpricelevel",
    "products": "product",
    "salesorderdetails": "salesorderdetail",
    "salesorders": "salesorder",
    "transactioncurrencies": "transactioncurrency",
    "uoms": "uom",
    "uomschedules": "uomschedule",
}
SET_OF = {table: name for name, table in ENTITY_SETS.items()}
TYPES = {
    "Uniqueidentifier": "Edm.Guid",
    "String": "Edm.String",
    "Memo": "Edm.String",
    "Money": "Edm.Decimal",
    "Decimal": "Edm.Decimal",
    "Double": "Edm.Decimal",
    "Integer": "Edm.Int32",
    "BigInt": "Edm.Int64",
    "Picklist": "Edm.Int32",
    "State": "Edm.Int32",
    "Status": "Edm.Int32",
    "Boolean": "Edm.Boolean",
    "DateTime": "Edm.DateTimeOffset",
}
ACCESS = {"Read": "read", "Modify": "update", "Insert": "create"}
LOOKUPS = ("Lookup", "Customer", "Owner")
CUSTOMERS = ("accounts", "contacts")
# Points to accounts and contacts, too, although one source has it as a plain lookup.
PARENT_OF_ADDRESS = "parentid"
# Columns that only the Common Data Model names.
CDM_ONLY = {"salesorder": ("emailaddress",)}
# The collection of an order's lines; its name is that of the relationship.
ORDER_LINES = {
    "entitySet": "salesorderdetails",
    "many": True,
    "childField": "_salesorderid_value",
    "parentField": "salesorderid",
}
# Unit prices follow the organisation's pricing decimal precision, other amounts the currency.
PRICING_PRECISION = ("priceperunit", "price", "amount")


def column(source: dict[str, Any], cdm: dict[str, Any], name: str) -> dict[str, Any]:
    """Return one column of the joined file."""
    result: dict[str, Any] = {"type": TYPES[source["ExternalType"]], "nullable": True}
    text = re.fullmatch(r"Text\[(\d+)\]", source.get("al", ""))
    length = cdm.get("maxLength") or (int(text[1]) if text else None)
    if result["type"] == "Edm.String" and length:
        result["maxLength"] = int(length)
    access = ACCESS.get(source.get("ExternalAccess", ""))
    if access == "read":
        result["readOnly"] = True
    elif access:
        result["access"] = access
    if source.get("options"):
        result["values"] = sorted(source["options"].values())
    if source["ExternalType"] == "Money":
        result["precision"] = "pricing" if name in PRICING_PRECISION else "currency"
    return result | {bound: cdm[bound] for bound in ("min", "max") if bound in cdm}


def lookup(name: str, source: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the navigation properties by which a lookup is bound, each with its target."""
    if source["ExternalType"] == "Customer" or name == PARENT_OF_ADDRESS:
        return {f"{name}_{ENTITY_SETS[target]}": {"column": name, "target": target} for target in CUSTOMERS}
    related = re.match(r'"CRM (\w+)"', source.get("TableRelation", ""))
    target = SET_OF.get(related[1].lower()) if related else None
    return {name: {"column": name, "target": target}} if target else {}


def kept(name: str, attributes: dict[str, Any]) -> bool:
    """Say whether a column is part of the Web API: display names of lookups and type columns are not."""
    source = attributes[name]
    is_label = name.endswith("name") and attributes.get(name[:-4], {}).get("ExternalType") in LOOKUPS
    known = source.get("ExternalType") in TYPES or source.get("ExternalType") in LOOKUPS
    return known and not is_label and not name.startswith("bcbi_")


def table(name: str, attributes: dict[str, Any], cdm: dict[str, Any]) -> dict[str, Any]:
    """Return one table of the joined file."""
    fields: dict[str, Any] = {}
    lookups: dict[str, Any] = {}
    navigation: dict[str, Any] = {"order_details": ORDER_LINES} if name == "salesorder" else {}
    for attribute, source in attributes.items():
        if not kept(attribute, attributes):
            continue
        if source["ExternalType"] not in LOOKUPS:
            fields[attribute] = column(source, cdm.get(attribute, {}), attribute)
            continue
        fields[f"_{attribute}_value"] = {"type": "Edm.Guid", "nullable": True, "readOnly": True}
        if source.get("ExternalAccess") == "Read":
            continue
        for property_name, part in lookup(attribute, source).items():
            access = ACCESS.get(source.get("ExternalAccess", ""))
            lookups[property_name] = part | ({"access": access} if access else {})
            target = ENTITY_SETS[part["target"]]
            link = {"childField": f"{target}id", "parentField": f"_{attribute}_value"}
            navigation[property_name] = {"entitySet": part["target"], "many": False, **link}
    for attribute in CDM_ONLY.get(name, ()):
        fields[attribute] = {"type": "Edm.String", "nullable": True, "maxLength": cdm[attribute]["maxLength"]}
    flags = {"insertable": True, "modifiable": True, "deletable": True, "actions": []}
    own = {"entityName": name, "key": [f"{name}id"], **flags}
    return {**own, "fields": fields, "navigation": navigation, "lookups": lookups}


def generate(from_bc: dict[str, Any], from_cdm: dict[str, Any]) -> dict[str, Any]:
    """Return the joined definitions with their sources and licences."""
    sets = {}
    for entity_set, name in ENTITY_SETS.items():
        cdm = from_cdm["entities"].get(name, {"attributes": {}})["attributes"]
        sets[entity_set] = table(name, from_bc["entities"][name]["attributes"], cdm)
    sources = [from_bc["_source"], from_cdm["_source"]]
    return {"source": sources, "namespace": "Microsoft.Dynamics.CRM", "entitySets": sets}


def main(arguments: list[str]) -> None:
    """Write the joined file."""
    default = Path(__file__).parent.parent / "data" / "dataverse.json"
    target = Path(arguments[2]) if len(arguments) > 2 else default
    sources = [json.loads(Path(argument).read_text(encoding="utf-8")) for argument in arguments[:2]]
    target.write_text(json.dumps(generate(*sources), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
