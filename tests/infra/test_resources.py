"""What is deployed: tiers, names, networks, alerts and logs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.infra.compiler import ROOT, Deployment
from tests.infra.conftest import Evaluate

# Microsoft's published naming rules.
NAMES = {
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.KeyVault/vaults": r"(?!.*--)[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]",
    "Microsoft.ServiceBus/namespaces": r"(?!.*(-sb|-mgmt)$)[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]",
    "Microsoft.EventGrid/topics": r"[A-Za-z0-9-]{3,50}",
    "Microsoft.Web/sites": r"[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]",
    "Microsoft.Web/serverfarms": r"[A-Za-z0-9-]{1,60}",
    "Microsoft.ManagedIdentity/userAssignedIdentities": r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}",
    "Microsoft.OperationalInsights/workspaces": r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
    "Microsoft.Insights/components": r"[^%&\\?/]{1,259}[^%&\\?/. ]",
    "Microsoft.Insights/actionGroups": r"[^/&%\\?]{1,260}",
    "Microsoft.Insights/metricAlerts": r"[^*#&+:<>?@%{}\\/|]{1,260}",
    "Microsoft.Insights/scheduledQueryRules": r"[^*<>%{}&:\\?/#|]{1,260}",
    "Microsoft.Insights/workbooks": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "Microsoft.Network/virtualNetworks": r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\w",
    "Microsoft.Network/privateEndpoints": r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\w",
    "Microsoft.Network/privateDnsZones": r"privatelink(\.[a-z0-9-]+)+",
}
# Named by fixed words inside their parent.
INSIDE = re.compile(
    r".*/(queues|tables|containers|blobServices|tableServices|roleAssignments|diagnosticSettings|secrets|"
    r"authorizationRules|virtualNetworkLinks|privateDnsZoneGroups|basicPublishingCredentialsPolicies)$"
)


@pytest.mark.parametrize("name", ["dev", "prod", "direct", "smallest", "largest"])
def test_names_are_valid(request: pytest.FixtureRequest, name: str) -> None:
    deployment: Deployment = request.getfixturevalue(name)
    wrong = [
        f"{item['type']} {item['name']}"
        for item in deployment.resources
        if not INSIDE.match(item["type"]) and not re.fullmatch(NAMES[item["type"]], _plain(item["name"]))
    ]
    assert wrong == []


def _plain(name: str) -> str:
    """Put the public cloud's suffix where the compiler leaves it to the deployment."""
    found = re.fullmatch(r"\[format\('([^']+)', environment\(\)\.suffixes\.storage\)\]", name)
    return found[1].replace("{0}", "core.windows.net") if found else name


def test_no_two_resources_have_the_same_id(deployment: Deployment) -> None:
    identifiers = [item["id"].casefold() for item in deployment.resources]
    assert len(identifiers) == len(set(identifiers))


def test_two_environments_share_no_global_name(dev: Deployment, prod: Deployment) -> None:
    kinds = ("Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults", "Microsoft.ServiceBus/namespaces")
    names = [{item["name"] for kind in kinds for item in deployment.of(kind)} for deployment in (dev, prod)]
    assert names[0] & names[1] == set()


def test_the_application_runs_python_as_this_checkout_does(deployment: Deployment) -> None:
    config = deployment.one("Microsoft.Web/sites")["properties"]["functionAppConfig"]
    version = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    assert config["runtime"] == {"name": "python", "version": version}
    assert deployment.one("Microsoft.Web/serverfarms")["sku"] == {"tier": "FlexConsumption", "name": "FC1"}


def _strategy(deployment: Deployment) -> str:
    config = deployment.one("Microsoft.Web/sites")["properties"]["functionAppConfig"]
    return str(config["siteUpdateStrategy"]["type"])


def test_production_recreates_and_development_tries_the_preview(dev: Deployment, prod: Deployment) -> None:
    assert (_strategy(dev), _strategy(prod)) == ("RollingUpdate", "Recreate")


def test_the_update_strategy_is_a_parameter(evaluated: Evaluate) -> None:
    assert _strategy(evaluated("param updateStrategy = 'RollingUpdate'", {})) == "RollingUpdate"


def test_no_setting_is_one_that_flex_consumption_refuses(deployment: Deployment) -> None:
    refused = {
        "FUNCTIONS_WORKER_RUNTIME",
        "FUNCTIONS_EXTENSION_VERSION",
        "WEBSITE_RUN_FROM_PACKAGE",
        "SCM_DO_BUILD_DURING_DEPLOYMENT",
        "ENABLE_ORYX_BUILD",
        "WEBSITE_TIME_ZONE",
    }
    assert refused & deployment.settings.keys() == set()


def test_development_is_on_standard_and_public(dev: Deployment) -> None:
    namespace = dev.one("Microsoft.ServiceBus/namespaces")
    assert namespace["sku"] == {"name": "Standard", "tier": "Standard"}
    assert [item["type"] for item in dev.resources if item["type"].startswith("Microsoft.Network/")] == []
    assert dev.one("Microsoft.Web/sites")["properties"]["virtualNetworkSubnetId"] is None


def test_production_is_on_premium_and_private(prod: Deployment) -> None:
    namespace = prod.one("Microsoft.ServiceBus/namespaces")
    groups = {
        connection["properties"]["groupIds"][0]
        for endpoint in prod.of("Microsoft.Network/privateEndpoints")
        for connection in endpoint["properties"]["privateLinkServiceConnections"]
    }
    assert namespace["sku"] == {"name": "Premium", "tier": "Premium", "capacity": 1}
    assert namespace["properties"]["publicNetworkAccess"] == "Disabled"
    assert groups == {"blob", "queue", "table", "vault", "namespace"}
    for account in prod.of("Microsoft.Storage/storageAccounts"):
        assert account["properties"]["networkAcls"] == {"bypass": "AzureServices", "defaultAction": "Deny"}


def test_a_private_network_on_standard_leaves_service_bus_public(smallest: Deployment) -> None:
    zones = [item["name"].split(".")[1] for item in smallest.of("Microsoft.Network/privateDnsZones")]
    assert sorted(zones) == ["blob", "queue", "table", "vaultcore"]
    assert smallest.one("Microsoft.ServiceBus/namespaces")["properties"]["publicNetworkAccess"] == "Enabled"


def test_the_direct_subscription_keeps_the_public_door_open(direct: Deployment) -> None:
    properties = direct.one("Microsoft.ServiceBus/namespaces")["properties"]
    assert properties["publicNetworkAccess"] == "Enabled"


def test_the_subnet_of_the_application_is_delegated_to_flex_consumption(prod: Deployment) -> None:
    subnets = {item["name"]: item for item in prod.one("Microsoft.Network/virtualNetworks")["properties"]["subnets"]}
    delegation = subnets["functions"]["properties"]["delegations"][0]["properties"]["serviceName"]
    assert delegation == "Microsoft.App/environments"
    assert {item["properties"]["addressPrefix"] for item in subnets.values()} == {"10.20.0.0/26", "10.20.0.64/26"}


def test_the_topic_takes_cloudevents(deployment: Deployment) -> None:
    assert deployment.one("Microsoft.EventGrid/topics")["properties"]["inputSchema"] == "CloudEventSchemaV1_0"


def test_logs_of_every_service_go_to_the_workspace(deployment: Deployment) -> None:
    scopes = {
        item["id"].split("/providers/Microsoft.Insights/")[0].split("/providers/")[-1] for item in _logs(deployment)
    }
    kinds = {re.sub(r"/[^/]+$", "", scope) for scope in scopes}
    assert kinds == {
        "Microsoft.Web/sites",
        "Microsoft.ServiceBus/namespaces",
        "Microsoft.EventGrid/topics",
        "Microsoft.KeyVault/vaults",
        *(
            f"Microsoft.Storage/storageAccounts/{account['name']}/{service}"
            for account in deployment.of("Microsoft.Storage/storageAccounts")
            for service in ("blobServices", "tableServices")
        ),
    }


def _logs(deployment: Deployment) -> list[Mapping[str, Any]]:
    return deployment.of("Microsoft.Insights/diagnosticSettings")


def test_alerts_watch_dead_letters_failures_silence_backlog_and_lost_events(deployment: Deployment) -> None:
    metrics = {
        criterion["metricName"]: (criterion["operator"], criterion["threshold"])
        for alert in deployment.of("Microsoft.Insights/metricAlerts")
        for criterion in alert["properties"]["criteria"]["allOf"]
    }
    queries = {item["name"].split("-ctd")[0] for item in deployment.of("Microsoft.Insights/scheduledQueryRules")}
    assert metrics == {
        "DeadletteredMessages": ("GreaterThan", 0),
        "ActiveMessages": ("GreaterThan", 500),
        "DeadLetteredCount": ("GreaterThan", 0),
    }
    assert queries == {"alert-function-failures", "alert-no-success"}


def test_every_alert_tells_the_people_on_the_list(prod: Deployment) -> None:
    group = prod.one("Microsoft.Insights/actionGroups")
    told = [item["emailAddress"] for item in group["properties"]["emailReceivers"]]
    alerts = [
        *(item["properties"]["actions"][0]["actionGroupId"] for item in prod.of("Microsoft.Insights/metricAlerts")),
        *(
            item["properties"]["actions"]["actionGroups"][0]
            for item in prod.of("Microsoft.Insights/scheduledQueryRules")
        ),
    ]
    assert told == ["operations@example.com", "support@example.com"]
    assert len(alerts) == 5
    assert set(alerts) == {group["id"]}


def test_the_window_of_silence_is_one_that_azure_takes(smallest: Deployment, largest: Deployment) -> None:
    assert [_window(smallest), _window(largest)] == ["PT6H", "P2D"]


def _window(deployment: Deployment) -> str:
    rules = deployment.of("Microsoft.Insights/scheduledQueryRules")
    (window,) = [rule["properties"]["windowSize"] for rule in rules if "no-success" in rule["name"]]
    return str(window)


def test_the_guide_lists_the_resources_that_are_deployed(prod: Deployment) -> None:
    guide = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    kinds = {item["type"] for item in prod.resources}
    assert sorted(kind for kind in kinds if f"`{kind}`" not in guide) == []


def test_the_templates_are_where_the_guide_says() -> None:
    guide = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(infra/[\w./-]+)`", guide)) - {"infra/market-map.yaml"}  # the reader's own
    assert named
    assert {name for name in named if not (ROOT / name).exists()} == set()
