"""Environment → frozen settings. Every problem is reported at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from shared.connection_strings import check_application_insights, check_service_bus, check_tables
from shared.market_options.addresses import check_connection_string, encrypted

ROOT = Path(__file__).resolve().parent.parent


class SettingsError(ValueError):
    """The environment is wrong; the text names every setting, what is wrong and what to do."""


class Settings(BaseModel):
    """What the application reads from its environment. The names are those of the application settings in Azure."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    market_map: Path = Field(alias="MARKET_MAP")
    service_bus: SecretStr | None = Field(default=None, alias="ServiceBus")
    service_bus_namespace: str | None = Field(default=None, alias="ServiceBus__fullyQualifiedNamespace")
    tables: SecretStr | None = Field(default=None, alias="TABLES_CONNECTION_STRING")
    tables_endpoint: str | None = Field(default=None, alias="TABLES_ENDPOINT")
    managed_identity_client_id: str | None = Field(default=None, alias="AZURE_CLIENT_ID")
    application_insights: SecretStr | None = Field(default=None, alias="APPLICATIONINSIGHTS_CONNECTION_STRING")
    telemetry_exporter: Literal["opencensus", "opentelemetry"] = Field(default="opencensus", alias="TELEMETRY_EXPORTER")
    oauth_ca_file: str | None = Field(default=None, alias="OAUTH_CA_FILE")
    claim_lease_seconds: float = Field(default=300, gt=0, alias="CLAIM_LEASE_SECONDS")
    retry_base_seconds: float = Field(default=2, gt=0, alias="RETRY_BASE_SECONDS")
    retry_ceiling_seconds: float = Field(default=900, gt=0, alias="RETRY_CEILING_SECONDS")
    retry_max_attempts: int = Field(default=20, ge=1, alias="RETRY_MAX_ATTEMPTS")
    sweep_overlap_seconds: float = Field(default=300, ge=0, alias="SWEEP_OVERLAP_SECONDS")
    idempotency_retention_days: int = Field(default=30, ge=1, alias="IDEMPOTENCY_RETENTION_DAYS")
    audit_retention_days: int = Field(default=400, ge=1, alias="AUDIT_RETENTION_DAYS")
    review_retention_days: int = Field(default=400, ge=1, alias="REVIEW_RETENTION_DAYS")
    retention_rows: int = Field(default=50_000, ge=1, alias="RETENTION_ROWS")
    audit_personal_data: bool = Field(default=False, alias="AUDIT_PERSONAL_DATA")
    intake_requests_per_second: float = Field(default=100, gt=0, alias="INTAKE_REQUESTS_PER_SECOND")
    intake_burst: int = Field(default=500, ge=1, alias="INTAKE_BURST")
    events_entra_tenant: str | None = Field(default=None, alias="EVENTS_ENTRA_TENANT")
    events_entra_audience: str | None = Field(default=None, alias="EVENTS_ENTRA_AUDIENCE")
    events_entra_clients: str = Field(default="", alias="EVENTS_ENTRA_CLIENTS")

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Count an empty application setting as not set."""
        return {name: value for name, value in values.items() if value != ""}

    @field_validator("tables_endpoint")
    @classmethod
    def _encrypted(cls, url: str | None) -> str | None:
        return None if url is None else encrypted(url)

    @field_validator("tables", "service_bus")
    @classmethod
    def _encrypted_connections(cls, text: SecretStr | None) -> SecretStr | None:
        if text is not None:
            check_connection_string(text.get_secret_value())
        return text

    @field_validator("service_bus")
    @classmethod
    def _service_bus_readable(cls, text: SecretStr | None) -> SecretStr | None:
        return _checked(text, check_service_bus)

    @field_validator("tables")
    @classmethod
    def _tables_readable(cls, text: SecretStr | None) -> SecretStr | None:
        return _checked(text, check_tables)

    @field_validator("application_insights")
    @classmethod
    def _application_insights_readable(cls, text: SecretStr | None) -> SecretStr | None:
        return _checked(text, check_application_insights)

    @property
    def claim_lease(self) -> timedelta:
        """How long a worker may hold an entity without a sign of life."""
        return timedelta(seconds=self.claim_lease_seconds)


def _checked(text: SecretStr | None, check: Callable[[str], None]) -> SecretStr | None:
    """Check the text behind a secret here: the SDKs would fail later, and without naming the setting."""
    if text is not None:
        check(text.get_secret_value())
    return text


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read all settings. Raises SettingsError naming each that is missing or wrong."""
    problems = list(_unmet({name for name, value in environment.items() if value != ""}))
    try:
        settings = Settings.model_validate(dict(environment))
    except ValidationError as error:
        items = error.errors(include_url=False, include_input=False)
        raise _refused([*map(_problem, items), *problems]) from None
    if problems:
        raise _refused(problems)
    return settings


def _unmet(given: Set[str]) -> Iterator[str]:
    """Find what spans several settings; apart from the model, so that it is reported beside wrong values."""
    if not given & {"ServiceBus", "ServiceBus__fullyQualifiedNamespace"}:
        yield "set ServiceBus (connection string) or ServiceBus__fullyQualifiedNamespace (identity)"
    if not given & {"TABLES_CONNECTION_STRING", "TABLES_ENDPOINT"}:
        yield "set TABLES_CONNECTION_STRING or TABLES_ENDPOINT (identity)"
    if len(given & {"EVENTS_ENTRA_TENANT", "EVENTS_ENTRA_AUDIENCE"}) == 1:
        yield "EVENTS_ENTRA_TENANT and EVENTS_ENTRA_AUDIENCE belong together: set both or neither"


def _refused(problems: list[str]) -> SettingsError:
    return SettingsError("application settings:\n  " + "\n  ".join(problems))


def _problem(item: Any) -> str:
    name = ".".join(str(part) for part in item["loc"])
    if item["type"] == "missing":
        return f"{name}: is not set; see local.settings.json.example"
    message = item["msg"].removeprefix("Value error, ")
    return f"{name}: {message}"
