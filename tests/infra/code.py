"""What the code says it needs of a deployment: settings, placeholders of the map, names in bindings."""

from __future__ import annotations

import re

from shared.settings import ROOT, Settings
from tests.infra.compiler import INFRA

MAP = INFRA / "market-map.example.yaml"
TRIGGERS = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "shared" / "triggers").glob("*.py")))

# What the host or the platform reads, not the code.
PLATFORM = frozenset(
    {
        "AzureWebJobsStorage__accountName",
        "AzureWebJobsStorage__credential",
        "AzureWebJobsStorage__clientId",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    }
)
IDENTITY_CONNECTION = ("fullyQualifiedNamespace", "credential", "clientId")
# Alternatives of the identity settings, for the local stack alone: connection strings and a private authority.
LOCAL_ONLY = frozenset({"ServiceBus", "TABLES_CONNECTION_STRING", "OAUTH_CA_FILE"})


def aliases() -> frozenset[str]:
    return frozenset(field.alias or name for name, field in Settings.model_fields.items())


def placeholders() -> frozenset[str]:
    code = "\n".join(line.split(" #")[0] for line in MAP.read_text("utf-8").splitlines() if not line.startswith("#"))
    return frozenset(re.findall(r"\$\{(\w+)\}", code))


def bindings() -> frozenset[str]:
    """Settings that the triggers' bindings name."""
    connections = set(re.findall(r'connection="(\w+)"', TRIGGERS))
    identity = {f"{name}__{part}" for name in connections for part in IDENTITY_CONNECTION}
    return frozenset(identity | set(re.findall(r'"%(\w+)%"', TRIGGERS)))
