"""Environment → frozen settings. Every problem is reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

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
    oauth_ca_file: str | None = Field(default=None, alias="OAUTH_CA_FILE")
    claim_lease_seconds: float = Field(default=300, gt=0, alias="CLAIM_LEASE_SECONDS")
    retry_base_seconds: float = Field(default=2, gt=0, alias="RETRY_BASE_SECONDS")
    retry_ceiling_seconds: float = Field(default=900, gt=0, alias="RETRY_CEILING_SECONDS")
    retry_max_attempts: int = Field(default=20, ge=1, alias="RETRY_MAX_ATTEMPTS")
    sweep_overlap_seconds: float = Field(default=300, ge=0, alias="SWEEP_OVERLAP_SECONDS")
    audit_personal_data: bool = Field(default=False, alias="AUDIT_PERSONAL_DATA")
    events_entra_tenant: str | None = Field(default=None, alias="EVENTS_ENTRA_TENANT")
    events_entra_audience: str | None = Field(default=None, alias="EVENTS_ENTRA_AUDIENCE")
    events_entra_clients: str = Field(default="", alias="EVENTS_ENTRA_CLIENTS")

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Count an empty application setting as not set."""
        return {name: value for name, value in values.items() if value != ""}

    @model_validator(mode="after")
    def _stores_given(self) -> Settings:
        if self.service_bus is None and self.service_bus_namespace is None:
            raise ValueError("set ServiceBus (connection string) or ServiceBus__fullyQualifiedNamespace (identity)")
        if self.tables is None and self.tables_endpoint is None:
            raise ValueError("set TABLES_CONNECTION_STRING or TABLES_ENDPOINT (identity)")
        if (self.events_entra_tenant is None) != (self.events_entra_audience is None):
            raise ValueError("EVENTS_ENTRA_TENANT and EVENTS_ENTRA_AUDIENCE belong together: set both or neither")
        return self

    @property
    def claim_lease(self) -> timedelta:
        """How long a worker may hold an entity without a sign of life."""
        return timedelta(seconds=self.claim_lease_seconds)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read all settings. Raises SettingsError naming each that is missing or wrong."""
    try:
        return Settings.model_validate(dict(environment))
    except ValidationError as error:
        problems = [_problem(item) for item in error.errors(include_url=False, include_input=False)]
        raise SettingsError("application settings:\n  " + "\n  ".join(problems)) from None


def _problem(item: Any) -> str:
    name = ".".join(str(part) for part in item["loc"])
    message = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "missing":
        message = "is not set; see local.settings.json.example"
    return f"{name}: {message}" if name else message
