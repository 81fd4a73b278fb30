from typing import Any

from local.dynamics.business_central.environment import DATA
from local.dynamics.generate_definitions import ENTITY_SETS, entity_set_definition
from local.dynamics.odata.definitions import load_definitions

SOURCE: dict[str, Any] = {
    "entityName": "thing",
    "insertAllowed": True,
    "modifyAllowed": True,
    "deleteAllowed": False,
    "fields": {
        "id": {"source": "SystemId", "type": "Edm.Guid", "al": "Guid", "readOnly": True},
        "code": {"source": "Code", "type": "Edm.String", "maxLength": 10, "al": "Code[10]"},
        "kind": {"source": "Kind", "type": "Enum", "enum": "Kinds", "al": 'Enum "Kinds"'},
        "method": {
            "source": "Method",
            "type": "Enum(option)",
            "al": "Option",
            "optionMembers": '"Rate (Manual)",No',
        },
        "lastModifiedDateTime": {"source": "SystemModifiedAt", "type": "Edm.DateTimeOffset", "al": "DateTime"},
    },
    "navigation": {
        "salesOrderLines": {
            "entitySetName": "salesOrderLines",
            "multiplicity": "Many",
            "subPageLink": '"Document Id" = field(Id)',
        },
        "pictures": {"entitySetName": "pictures", "multiplicity": "Many", "subPageLink": "Id = field(SystemId)"},
    },
    "actions": [{"procedure": "Post", "odata": "Microsoft.NAV.post"}],
}


def test_an_entity_set_is_reduced_to_what_the_simulator_checks() -> None:
    enums = {"Kinds": [{"odataName": "_x0020_"}, {"odataName": "In_x0020_Review"}]}
    assert entity_set_definition(SOURCE, enums) == {
        "entityName": "thing",
        "insertable": True,
        "modifiable": True,
        "deletable": False,
        "fields": {
            "id": {"type": "Edm.Guid", "readOnly": True},
            "code": {"type": "Edm.String", "maxLength": 10, "code": True},
            "kind": {"type": "Enum", "options": ["_x0020_", "In_x0020_Review"]},
            "method": {"type": "Enum", "options": ["Rate_x0020__x0028_Manual_x0029_", "No"]},
            "lastModifiedDateTime": {"type": "Edm.DateTimeOffset", "readOnly": True},
        },
        "navigation": {
            "salesOrderLines": {
                "entitySet": "salesOrderLines",
                "many": True,
                "childField": "documentId",
                "parentField": "id",
            }
        },
        "actions": ["post"],
    }


def test_the_definitions_in_use_have_every_set_and_its_published_lengths() -> None:
    definitions = load_definitions(DATA / "business_central.json")
    assert set(definitions.entity_sets) == {"companies", "subscriptions", *ENTITY_SETS}
    orders = definitions.entity_sets["salesOrders"]
    reference = orders.fields["externalDocumentNumber"]
    assert (reference.max_length, reference.code) == (35, True)
    assert (orders.fields["shipToName"].max_length, orders.fields["email"].max_length) == (100, 80)
    assert orders.actions == ("shipAndInvoice",)
    assert not definitions.entity_sets["salesShipments"].insertable


def test_the_notice_names_source_and_licence() -> None:
    notice = (DATA / "NOTICE.md").read_text(encoding="utf-8")
    assert "microsoft/BCApps" in notice
    assert "MIT License" in notice
