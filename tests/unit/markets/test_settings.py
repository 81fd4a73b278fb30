"""Application settings: one look shows everything that is wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.settings import Settings, SettingsError, read_settings
from tests.fakes.settings import SERVICE_BUS
from tests.fakes.settings import SETTINGS as ENVIRONMENT


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
            "ServiceBus": SERVICE_BUS,
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


KEY = "0123-a-secret-4567"
INSIGHTS = "APPLICATIONINSIGHTS_CONNECTION_STRING"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ServiceBus", KEY, "part 1 is not NAME=VALUE"),
        ("ServiceBus", f"Endpoint=sb://bus.example.com/;{KEY}", "part 2 is not NAME=VALUE"),
        ("ServiceBus", f"Endpoint=;SharedAccessKeyName=a;SharedAccessKey={KEY}", "part 1 is not NAME=VALUE"),
        ("ServiceBus", f"SharedAccessKeyName=a;SharedAccessKey={KEY}", "Endpoint missing"),
        ("ServiceBus", f"Endpoint=sb://bus.example.com/;SharedAccessKey={KEY}", "SharedAccessKeyName missing"),
        ("ServiceBus", "Endpoint=sb://bus.example.com/", "SharedAccessKeyName and SharedAccessKey missing"),
        ("TABLES_CONNECTION_STRING", KEY, "part 1 is not NAME=VALUE"),
        ("TABLES_CONNECTION_STRING", f"AccountKey={KEY}", "AccountName missing"),
        ("TABLES_CONNECTION_STRING", f"SharedAccessSignature={KEY}", "TableEndpoint missing"),
        ("TABLES_CONNECTION_STRING", f"AccountName=a;AccountKey={KEY};{KEY}", "part 3 is not NAME=VALUE"),
        (INSIGHTS, KEY, "part 1 is not NAME=VALUE"),
        (INSIGHTS, f"IngestionEndpoint=https://{KEY}.example.com", "InstrumentationKey missing"),
        (INSIGHTS, f"InstrumentationKey={KEY}", "InstrumentationKey is no GUID"),
    ],
)
def test_a_malformed_connection_string_is_refused_by_the_name_of_its_setting_without_its_value(
    name: str, value: str, said: str
) -> None:
    (problem,) = problems_of({**ENVIRONMENT, name: value})
    assert problem.strip().startswith(f"{name}: ")
    assert said in problem
    assert "copy it again" in problem
    assert KEY not in problem


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ServiceBus", f"Endpoint=sb://bus.example.com/;SharedAccessSignature=SharedAccessSignature sr=x&sig={KEY}"),
        ("ServiceBus", f"{SERVICE_BUS};EntityPath=orders;"),
        ("TABLES_CONNECTION_STRING", f"TableEndpoint=https://a.table.example.com;SharedAccessSignature=sv=1&sig={KEY}"),
        ("TABLES_CONNECTION_STRING", "UseDevelopmentStorage=true"),
        (INSIGHTS, "InstrumentationKey=00000000-0000-4000-8000-000000000000;IngestionEndpoint=https://in.example.com/"),
    ],
)
def test_every_published_form_of_a_connection_string_is_taken(name: str, value: str) -> None:
    assert isinstance(read_settings({**ENVIRONMENT, name: value}), Settings)


def test_an_entra_audience_without_a_tenant_is_refused() -> None:
    (problem,) = problems_of({**ENVIRONMENT, "EVENTS_ENTRA_AUDIENCE": "api://connector"})
    assert "belong together" in problem


def test_no_secret_is_shown_by_settings_or_their_errors() -> None:
    assert "secret-of" not in repr(read_settings(ENVIRONMENT))
    assert "secret-of" not in "\n".join(problems_of({**ENVIRONMENT, "CLAIM_LEASE_SECONDS": "never"}))
