"""The templates and the code agree: queues, tables, settings, schedules and the host's concurrency."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from shared.markets import MarketMap, parse_market_map
from shared.messaging.queues import QUEUES
from shared.settings import ROOT, Settings, read_settings
from shared.state.tables.state import TABLE_NAMES
from tests.infra.code import LOCAL_ONLY, MAP, PLATFORM, TRIGGERS, aliases, bindings, placeholders
from tests.infra.compiler import INFRA, Deployment
from tests.infra.conftest import Evaluate

DEPLOYMENT_GUIDE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")


def _host_paths(settings: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in settings.items() if name.startswith("AzureFunctionsJobHost__")}


def test_every_setting_of_a_deployment_is_read(deployment: Deployment) -> None:
    read = aliases() | placeholders() | bindings() | PLATFORM | set(_host_paths(deployment.settings))
    assert deployment.settings.keys() - read == set()


def test_everything_that_the_bindings_and_the_map_name_is_set(deployment: Deployment) -> None:
    assert (bindings() | placeholders()) - deployment.settings.keys() == set()


def test_what_the_code_reads_is_set_or_has_a_documented_default(prod: Deployment) -> None:
    unset = aliases() - prod.settings.keys() - LOCAL_ONLY
    required = {field.alias for field in Settings.model_fields.values() if field.is_required()}
    assert unset & required == set()
    assert {name for name in unset if f"| `{name}` |" not in DEPLOYMENT_GUIDE} == set()


def test_without_an_audience_the_intake_asks_for_no_token(dev: Deployment) -> None:
    assert [name for name in dev.settings if name.startswith("EVENTS_ENTRA")] == []
    assert read_settings(dev.settings).events_entra_tenant is None


def test_the_code_accepts_the_settings_and_the_map_of_a_deployment(deployment: Deployment) -> None:
    settings = read_settings(deployment.settings)
    markets = _markets(deployment)
    assert settings.service_bus is None
    assert settings.market_map == Path("infra/market-map.example.yaml")
    assert (ROOT / settings.market_map).is_file()
    assert markets.projects["example-shop"].client_secret.get_secret_value().startswith("@Microsoft.KeyVault(")
    assert markets.back_ends["business-central"].client_secret is None


def test_the_doctor_is_content_with_the_settings_of_production(prod: Deployment) -> None:
    command = [sys.executable, "-m", "shared.cli", "doctor", "--offline"]
    env = {**os.environ, **prod.settings}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def _markets(deployment: Deployment) -> MarketMap:
    return parse_market_map(MAP.read_text(encoding="utf-8"), MAP.name, deployment.settings)


@pytest.mark.parametrize(
    ("stage", "pilot", "others"),
    [
        ("smallest", "off", "off"),  # off
        ("dev", "shadow", "shadow"),  # shadow
        ("prod", "on", "shadow"),  # one_market
        ("largest", "on", "on"),  # all
    ],
)
def test_the_stage_of_the_roll_out_decides_the_modes(
    request: pytest.FixtureRequest, stage: str, pilot: str, others: str
) -> None:
    markets = _markets(request.getfixturevalue(stage))
    assert (markets.by_name["pilot"].mode("orders"), markets.by_name["others"].mode("orders")) == (pilot, others)


def test_secrets_are_references_to_the_vault_that_is_deployed(deployment: Deployment) -> None:
    vault = deployment.one("Microsoft.KeyVault/vaults")["name"]
    secrets = {name: value for name, value in deployment.settings.items() if name.endswith(("_SECRET", "_KEY"))}
    assert secrets == {"CT_CLIENT_SECRET": f"@Microsoft.KeyVault(VaultName={vault};SecretName=ct-client-secret)"}


def test_with_events_the_back_ends_are_told_the_address_of_the_application_that_is_deployed(
    evaluated: Evaluate,
) -> None:
    deployed = evaluated("param dynamicsEvents = true", {})
    site = deployed.one("Microsoft.Web/sites")["name"]
    vault = deployed.one("Microsoft.KeyVault/vaults")["name"]
    events = parse_market_map(_map_with_events(), MAP.name, deployed.settings).back_ends["business-central"].events
    assert events is not None
    url = events.url.get_secret_value()
    (route,) = re.findall(r'route="(dynamics/[^"]+)"', TRIGGERS)
    assert url.partition("?")[0] == f"https://{site}.azurewebsites.net/api/{route}".replace(
        "{back_end}", "business-central"
    )
    shown = {
        "DYNAMICS_EVENTS_KEY": url.partition("?code=")[2],
        "DYNAMICS_EVENTS_SECRET": events.secret.get_secret_value(),
    }
    for name, value in shown.items():
        secret = name.lower().replace("_", "-")
        assert value == f"@Microsoft.KeyVault(VaultName={vault};SecretName={secret})"


def _map_with_events() -> str:
    """Take in the lines of the example that the guide says to take in."""
    text = MAP.read_text(encoding="utf-8")
    assert text.count("    # events:\n") == 1
    return re.sub(r"(?m)^    # (events:|  url: |  secret: )", r"    \1", text)


SIGN_INS = {
    "federated": (None, None),
    "secret": ("BC_CLIENT_SECRET", "client_secret"),
    "certificate": ("BC_CERTIFICATE", "certificate"),
}


def test_the_ways_to_sign_in_are_those_of_the_template() -> None:
    template = (INFRA / "main.bicep").read_text(encoding="utf-8")
    allowed = re.search(r"@allowed\(\[([^\]]+)\]\)\s*param dynamicsSignIn", template)
    assert allowed
    assert set(re.findall(r"'(\w+)'", allowed[1])) == set(SIGN_INS)


@pytest.mark.parametrize("sign_in", SIGN_INS)
def test_a_sign_in_sets_what_its_line_of_the_map_reads_and_nothing_else(evaluated: Evaluate, sign_in: str) -> None:
    setting, option = SIGN_INS[sign_in]
    deployed = evaluated("", {"DYNAMICS_SIGN_IN": sign_in})
    vault = deployed.one("Microsoft.KeyVault/vaults")["name"]
    found = {name for name in deployed.settings if name in {"BC_CLIENT_SECRET", "BC_CERTIFICATE"}}
    back_end = parse_market_map(_map_with(option), MAP.name, deployed.settings).back_ends["business-central"]
    credentials = {"client_secret": back_end.client_secret, "certificate": back_end.certificate}
    given = {name: value.get_secret_value() for name, value in credentials.items() if value is not None}
    assert found == ({setting} if setting else set())
    assert given == (
        {option: f"@Microsoft.KeyVault(VaultName={vault};SecretName={setting.lower().replace('_', '-')})"}
        if setting
        else {}
    )


def _map_with(option: str | None) -> str:
    """Take in the line of the example that the guide says to take in."""
    text = MAP.read_text(encoding="utf-8")
    if option is None:
        return text
    assert text.count(f"    # {option}: ") == 1
    return text.replace(f"    # {option}: ", f"    {option}: ")


def test_the_queues_are_those_of_the_code(deployment: Deployment) -> None:
    deployed = {
        queue["name"].split("/")[1]: (
            queue["properties"]["requiresSession"],
            queue["properties"]["maxDeliveryCount"],
            _duration(queue["properties"]["lockDuration"]),
            queue["properties"]["requiresDuplicateDetection"],
        )
        for queue in deployment.of("Microsoft.ServiceBus/namespaces/queues")
    }
    expected = {
        queue.name: (
            queue.requires_session,
            queue.max_delivery_count,
            timedelta(seconds=queue.lock_duration_seconds),
            False,
        )
        for queue in QUEUES
    }
    assert deployed == expected, "infra/queues.json and shared/messaging/queues.py differ"


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"PT(?:(\d+)M)?(?:(\d+)S)?", text)
    assert found, text
    return timedelta(minutes=int(found[1] or 0), seconds=int(found[2] or 0))


def test_the_tables_are_those_of_the_code(deployment: Deployment) -> None:
    kind = "Microsoft.Storage/storageAccounts/tableServices/tables"
    deployed = sorted(table["name"].split("/")[-1] for table in deployment.of(kind))
    assert deployed == sorted(TABLE_NAMES), "infra/tables.json and shared/state/tables/state.py differ"


def test_the_host_gets_the_concurrency_of_host_json(deployment: Deployment) -> None:
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
    for name, value in _host_paths(deployment.settings).items():
        node = host
        for key in name.split("__")[1:]:
            node = node[key]
        assert str(node) == value, f"{name} is {value}, host.json says {node}"


def test_an_always_ready_group_is_http_or_a_function_of_the_application(prod: Deployment) -> None:
    functions = set(re.findall(r"async def (\w+)\(", TRIGGERS))
    scale = prod.one("Microsoft.Web/sites")["properties"]["functionAppConfig"]["scaleAndConcurrency"]
    groups = [item["name"] for item in scale["alwaysReady"]]
    assert groups
    assert [name for name in groups if name != "http" and name.removeprefix("function:") not in functions] == []
    assert scale["triggers"]["http"]["perInstanceConcurrency"] > 1


def test_schedules_have_six_fields(deployment: Deployment) -> None:
    names = re.findall(r'"%(\w+)%"', TRIGGERS)
    assert {name: len(deployment.settings[name].split()) for name in names} == dict.fromkeys(names, 6)
