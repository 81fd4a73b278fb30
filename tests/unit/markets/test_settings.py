"""Application settings: one look shows everything that is wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.settings import Settings, SettingsError, read_settings

ENVIRONMENT = {
    "MARKET_MAP": "market-map.yaml",
    "ServiceBus": "Endpoint=sb://bus.example.com/;SharedAccessKey=secret-of-the-bus",
    "TABLES_CONNECTION_STRING": "AccountKey=secret-of-the-tables",
}


def problems_of(environment: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        read_settings(environment)
    return str(raised.value).splitlines()[1:]


def test_what_is_needed_is_enough() -> None:
    settings = read_settings(ENVIRONMENT)
    assert settings.claim_lease == timedelta(minutes=5)
    assert settings.retry_max_attempts == 20
    assert not settings.audit_personal_data


def test_other_settings_of_the_host_are_none_of_our_business() -> None:
    assert isinstance(read_settings({**ENVIRONMENT, "FUNCTIONS_WORKER_RUNTIME": "python"}), Settings)


def test_an_empty_environment_names_everything_that_is_missing_at_once() -> None:
    problems = problems_of({})
    assert len(problems) == 3
    for name in ("MARKET_MAP", "ServiceBus", "TABLES_CONNECTION_STRING"):
        assert any(name in problem for problem in problems)


def test_an_empty_setting_counts_as_not_set() -> None:
    (problem,) = problems_of({**ENVIRONMENT, "ServiceBus": ""})
    assert "set ServiceBus (connection string) or ServiceBus__fullyQualifiedNamespace (identity)" in problem


def test_wrong_and_missing_settings_are_reported_together() -> None:
    problems = problems_of(
        {
            "CLAIM_LEASE_SECONDS": "0",
            "RETRY_MAX_ATTEMPTS": "many",
            "ServiceBus": "Endpoint=sb://bus.example.com/",
            "EVENTS_ENTRA_TENANT": "tenant",
        }
    )
    text = "\n".join(problems)
    assert len(problems) == 5
    for name in ("MARKET_MAP", "CLAIM_LEASE_SECONDS", "RETRY_MAX_ATTEMPTS", "TABLES_ENDPOINT", "EVENTS_ENTRA_AUDIENCE"):
        assert name in text


@pytest.mark.parametrize(
    ("left_out", "instead"),
    [
        ("ServiceBus", {"ServiceBus__fullyQualifiedNamespace": "bus.example.com"}),
        ("TABLES_CONNECTION_STRING", {"TABLES_ENDPOINT": "https://tables.example.com"}),
    ],
)
def test_an_identity_takes_the_place_of_a_connection_string(left_out: str, instead: dict[str, str]) -> None:
    rest = {name: value for name, value in ENVIRONMENT.items() if name != left_out}
    assert isinstance(read_settings({**rest, **instead}), Settings)


def test_an_entra_audience_without_a_tenant_is_refused() -> None:
    (problem,) = problems_of({**ENVIRONMENT, "EVENTS_ENTRA_AUDIENCE": "api://connector"})
    assert "belong together" in problem


def test_no_secret_is_shown_by_settings_or_their_errors() -> None:
    assert "secret-of" not in repr(read_settings(ENVIRONMENT))
    assert "secret-of" not in "\n".join(problems_of({**ENVIRONMENT, "CLAIM_LEASE_SECONDS": "never"}))
