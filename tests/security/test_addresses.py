"""Tokens, secrets and personal data leave this machine encrypted, or not at all."""

from __future__ import annotations

import pytest

from shared.markets import MarketMapError, parse_market_map
from shared.settings import Settings, SettingsError, read_settings
from tests.fakes.markets import ENVIRONMENT, MARKET_MAP
from tests.fakes.settings import SETTINGS

PLAIN = "http://api.example.com"
ADDRESSES = {
    "projects.shop.api_url": "api_url: https://api.example.com",
    "projects.shop.auth_url": "auth_url: https://auth.example.com",
    "back_ends.bc.url": "url: https://bc.example.com/v2.0/tenant/production/api/v2.0",
    "back_ends.bc.authority": "tenant_id: tenant",
}


def map_with_address(path: str, address: str) -> str:
    name = path.rsplit(".", 1)[1]
    line = f"{name}: {address}" + ("\n    tenant_id: tenant" if name == "authority" else "")
    return MARKET_MAP.replace(ADDRESSES[path], line, 1)


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("address", [PLAIN, "HTTP://api.example.com", "ftp://api.example.com", "http://10.0.0.4:7048"])
def test_the_market_map_takes_no_address_without_tls(path: str, address: str) -> None:
    with pytest.raises(MarketMapError) as raised:
        parse_market_map(map_with_address(path, address), "test", ENVIRONMENT)
    (problem,) = raised.value.problems
    assert problem.startswith(f"{path}: ")
    assert "use https://" in problem


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize(
    "address", ["https://api.example.com", "http://localhost:7071", "http://127.0.0.1:8080/x", "http://[::1]:1"]
)
def test_the_market_map_takes_tls_and_loopback(path: str, address: str) -> None:
    assert parse_market_map(map_with_address(path, address), "test", ENVIRONMENT).projects.keys() == {"shop"}


@pytest.mark.parametrize(
    "host", ["localhost.example.com", "127.0.0.1.example.com", "0.0.0.0", "localhost@example.com", "169.254.169.254"]
)
def test_a_host_that_only_looks_like_loopback_is_another_machine(host: str) -> None:
    with pytest.raises(MarketMapError, match="is not encrypted"):
        parse_market_map(map_with_address("back_ends.bc.url", f"http://{host}/api"), "test", ENVIRONMENT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TABLES_ENDPOINT", "http://account.table.example.com"),
        ("TABLES_CONNECTION_STRING", "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=hidden-key"),
        ("TABLES_CONNECTION_STRING", "AccountKey=hidden-key;TableEndpoint=http://tables.example.com/a"),
        ("ServiceBus", "Endpoint=sb://bus.example.com;SharedAccessKey=hidden-key;UseDevelopmentEmulator=true;"),
    ],
)
def test_a_connection_without_tls_is_refused_and_its_key_is_not_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}: .*not encrypted") as raised:
        read_settings({**SETTINGS, name: value})
    assert "hidden-key" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TABLES_ENDPOINT", "https://account.table.example.com"),
        ("TABLES_CONNECTION_STRING", "UseDevelopmentStorage=true"),
        ("TABLES_CONNECTION_STRING", "AccountName=a;AccountKey=key==;TableEndpoint=http://127.0.0.1:10002/a;"),
        ("ServiceBus", "Endpoint=sb://bus.example.com/;SharedAccessKeyName=a;SharedAccessKey=key="),
        (
            "ServiceBus",
            "Endpoint=sb://localhost:5672;SharedAccessKeyName=a;SharedAccessKey=key=;UseDevelopmentEmulator=true;",
        ),
    ],
)
def test_encrypted_and_local_connections_are_taken(name: str, value: str) -> None:
    assert isinstance(read_settings({**SETTINGS, name: value}), Settings)
