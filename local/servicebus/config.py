"""Which queues there are and how each behaves."""

import json
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator


class ConfigError(Exception):
    """The configuration file cannot be used; the text says where and why."""


class QueueConfig(BaseModel):
    """One queue, with the settings that Service Bus calls by the same names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    requires_session: bool = False
    max_delivery_count: int = Field(default=10, ge=1)
    lock_duration_seconds: float = Field(default=60.0, gt=0)
    duplicate_detection_seconds: float = Field(default=0.0, ge=0)
    default_time_to_live_seconds: float | None = Field(default=None, gt=0)
    dead_letter_on_expiration: bool = False
    max_message_bytes: int = Field(default=1024 * 1024, ge=1024)


class BrokerConfig(BaseModel):
    """All queues of the broker."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    queues: tuple[QueueConfig, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        seen: set[str] = set()
        for queue in self.queues:
            if queue.name.lower() in seen:
                raise ValueError(f"queue '{queue.name}' is defined twice (names ignore case): remove one")
            seen.add(queue.name.lower())
        return self


def load_config(path: Path) -> BrokerConfig:
    """Read a configuration file; every mistake in it is named with its place."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return BrokerConfig.model_validate(document)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); give an existing file to --config") from error
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}: line {error.lineno}, column {error.colno}: not JSON ({error.msg})") from error
    except ValidationError as error:
        lines = [f"{path}: {_place(item['loc'])}: {item['msg']}" for item in error.errors()]
        raise ConfigError("\n".join(lines)) from error


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "(whole file)"
