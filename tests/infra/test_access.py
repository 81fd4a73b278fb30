"""Who may do what: the exact roles, and no keys where an identity will do."""

from __future__ import annotations

import json
from collections.abc import Iterable

from shared.messaging.queues import QUEUES
from tests.infra.compiler import Deployment

# The published ids of Azure's built-in roles, by the names of MicrosoftDocs/azure-docs,
# articles/role-based-access-control/built-in-roles.md.
BLOB_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
STORAGE_QUEUES = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
TABLES = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"
RECEIVER = "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"
SENDER = "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
METRICS_PUBLISHER = "3913510d-42f4-4e42-8a64-420c390055eb"

APP = "ServicePrincipal"
PEOPLE = "Group"


def _account(deployment: Deployment, letter: str) -> str:
    names = [item["name"] for item in deployment.of("Microsoft.Storage/storageAccounts")]
    (name,) = [name for name in names if name.removesuffix(name[-13:]).endswith(letter)]
    return f"Microsoft.Storage/storageAccounts/{name}"


def _name(deployment: Deployment, kind: str) -> str:
    return f"{kind}/{deployment.one(kind)['name']}"


def _queues(deployment: Deployment, names: Iterable[str]) -> list[str]:
    namespace = _name(deployment, "Microsoft.ServiceBus/namespaces")
    return [f"{namespace}/queues/{name}" for name in names]


def _roles_of_the_application(deployment: Deployment) -> set[tuple[str, str, str]]:
    host, state = _account(deployment, "h"), _account(deployment, "s")
    receiving = _queues(deployment, (queue.name for queue in QUEUES))
    # Notifications only come in through their queue; a flow's queue is also sent to.
    sending = _queues(deployment, (queue.name for queue in QUEUES if queue.requires_session))
    return {
        (host, BLOB_OWNER, APP),
        (host, STORAGE_QUEUES, APP),
        (f"{host}/blobServices/default/containers/eventgrid-dead-letters", BLOB_CONTRIBUTOR, APP),
        (state, TABLES, APP),
        (_name(deployment, "Microsoft.KeyVault/vaults"), SECRETS_USER, APP),
        (_name(deployment, "Microsoft.Insights/components"), METRICS_PUBLISHER, APP),
        *((scope, RECEIVER, APP) for scope in receiving),
        *((scope, SENDER, APP) for scope in sending),
    }


def _roles_of_the_operators(deployment: Deployment) -> set[tuple[str, str, str]]:
    queues = _queues(deployment, (queue.name for queue in QUEUES))
    return {
        (_account(deployment, "s"), TABLES, PEOPLE),
        (_name(deployment, "Microsoft.KeyVault/vaults"), SECRETS_USER, PEOPLE),
        *((scope, role, PEOPLE) for scope in queues for role in (RECEIVER, SENDER)),
    }


def test_without_operators_the_application_alone_has_roles(dev: Deployment) -> None:
    assert set(dev.roles()) == _roles_of_the_application(dev)


def test_operators_have_what_the_cli_needs_and_no_more(prod: Deployment) -> None:
    assert set(prod.roles()) == _roles_of_the_application(prod) | _roles_of_the_operators(prod)


def test_no_role_is_given_twice(deployment: Deployment) -> None:
    roles = list(deployment.roles())
    assert len(roles) == len(set(roles))


def test_storage_has_no_shared_keys_and_nothing_public(deployment: Deployment) -> None:
    accounts = deployment.of("Microsoft.Storage/storageAccounts")
    assert len(accounts) == 2
    for account in accounts:
        assert account["properties"]["allowSharedKeyAccess"] is False
        assert account["properties"]["allowBlobPublicAccess"] is False


def test_service_bus_takes_keys_for_the_direct_subscription_alone(dev: Deployment, direct: Deployment) -> None:
    kind = "Microsoft.ServiceBus/namespaces/queues/authorizationRules"
    assert dev.one("Microsoft.ServiceBus/namespaces")["properties"]["disableLocalAuth"] is True
    assert dev.of(kind) == []
    assert direct.one("Microsoft.ServiceBus/namespaces")["properties"]["disableLocalAuth"] is False
    rule = direct.one(kind)
    assert rule["name"].split("/")[1:] == ["commercetools-events", "commercetools-send"]
    assert rule["properties"]["rights"] == ["Send"]


def test_telemetry_needs_an_identity(deployment: Deployment) -> None:
    assert deployment.one("Microsoft.Insights/components")["properties"]["DisableLocalAuth"] is True
    workspace = deployment.one("Microsoft.OperationalInsights/workspaces")
    assert workspace["properties"]["features"]["disableLocalAuth"] is True


def test_the_vault_knows_roles_only_and_keeps_what_was_deleted(deployment: Deployment) -> None:
    properties = deployment.one("Microsoft.KeyVault/vaults")["properties"]
    assert properties["enableRbacAuthorization"] is True
    assert properties["enablePurgeProtection"] is True
    assert "accessPolicies" not in properties


def test_the_application_cannot_be_published_to_with_a_password(deployment: Deployment) -> None:
    policies = deployment.of("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
    assert {item["name"].split("/")[1]: item["properties"]["allow"] for item in policies} == {
        "ftp": False,
        "scm": False,
    }


def test_the_only_key_that_is_read_goes_into_the_vault(deployment: Deployment) -> None:
    reading = [item for item in deployment.resources if "listkeys" in json.dumps(item).casefold()]
    assert [item["type"] for item in reading] == ["Microsoft.KeyVault/vaults/secrets"]


def test_nothing_speaks_old_tls(deployment: Deployment) -> None:
    minima = {
        item["properties"].get("minimumTlsVersion") or item["properties"].get("minimumTlsVersionAllowed")
        for kind in (
            "Microsoft.Storage/storageAccounts",
            "Microsoft.ServiceBus/namespaces",
            "Microsoft.EventGrid/topics",
        )
        for item in deployment.of(kind)
    }
    site = deployment.one("Microsoft.Web/sites")["properties"]
    assert minima == {"TLS1_2", "1.2"}
    assert (site["httpsOnly"], site["siteConfig"]["minTlsVersion"]) == (True, "1.2")
