"""The market map: which store's business lands in which company, and by which rules. One YAML file, checked whole."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from shared.market_options.addresses import EncryptedUrl
from shared.market_options.dataverse import DataverseOptions
from shared.market_options.finance import FinanceOptions
from shared.market_options.trade import (
    DEFAULT_OWNERS,
    Carrier,
    CustomFieldRules,
    ObjectName,
    OrderStates,
    Ownership,
    PaymentRules,
    PriceBook,
    ReasonCodes,
    Warehouse,
    check_price_books,
    check_warehouses,
)

FlowMode = Literal["on", "shadow", "off"]
BackEndType = Literal["business_central", "dataverse", "finance"]
ANY_PROJECT = "*"
_PLACEHOLDER = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


class MarketMapError(ValueError):
    """The map is wrong; `problems` has every one, each with its path and a hint."""

    def __init__(self, source: str, problems: list[str]) -> None:
        self.problems = problems
        listing = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"market map {source}: {len(problems)} problem(s){listing}")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Project(_Part):
    """A commercetools project and the API client that the connector uses there."""

    api_url: EncryptedUrl
    auth_url: EncryptedUrl
    client_id: str
    client_secret: SecretStr
    scopes: str = ""


class ApplicationUser(_Part):
    """An application registration. Without a secret, the managed identity signs in through a federated credential."""

    client_id: str
    client_secret: SecretStr | None = None


class BackEndLimits(_Part):
    """Ceilings of each application user, where they differ from those of the back-end's type."""

    in_flight: int | None = Field(default=None, ge=1, description="requests at once")
    requests: int | None = Field(default=None, ge=10, description="requests within the window")
    window_seconds: float | None = Field(default=None, ge=1)
    execution_seconds: float | None = Field(default=None, ge=10, description="execution time within the window")
    lease_seconds: float = Field(default=20, ge=5, description="what a killed process costs at most")
    max_wait_seconds: float = Field(default=5, gt=0, description="what would wait longer is tried again later")


class BackEnd(_Part):
    """A Dynamics back-end. Without a secret, the managed identity signs in through a federated credential."""

    type: BackEndType
    url: EncryptedUrl = Field(description="API root, for Business Central …/v2.0/{tenant}/{environment}/api/v2.0")
    tenant_id: str
    client_id: str
    client_secret: SecretStr | None = None
    authority: EncryptedUrl = "https://login.microsoftonline.com"
    scope: str
    users: tuple[ApplicationUser, ...] = Field(default=(), description="more application users; their limits add up")
    limits: BackEndLimits = BackEndLimits()

    @model_validator(mode="after")
    def _users_differ(self) -> BackEnd:
        ids = [self.client_id.lower(), *(user.client_id.lower() for user in self.users)]
        twice = sorted({client for client in ids if ids.count(client) > 1})
        if twice:
            raise ValueError(f"client_id {', '.join(twice)} is listed twice; users are those besides client_id")
        return self

    def per_user(self) -> tuple[BackEnd, ...]:
        """Return this back-end once for each application user, with that one's credentials."""
        main = self.model_copy(update={"users": ()})
        return (main, *(main.model_copy(update=dict(user)) for user in self.users))


class CustomerRules(_Part):
    """How a customer of an order is found or made."""

    unknown: Literal["create", "review"] = "create"
    guest: Literal["create", "account", "review"] = "create"
    guest_account: str | None = Field(default=None, description="customer number for guests")
    match_email: bool = True
    bill_to: Literal["sell_to", "customer_when_different"] = "customer_when_different"

    @model_validator(mode="after")
    def _guest_account_given(self) -> CustomerRules:
        if self.guest == "account" and not self.guest_account:
            raise ValueError("guest: account needs guest_account, the number of the customer that guests buy as")
        return self


class TaxRule(_Part):
    """A commercetools tax rate → a back-end tax code. What a rule leaves out matches anything; the first match wins."""

    country: str | None = None
    rate: Decimal | None = None
    category: str | None = None
    code: str


class LineTarget(_Part):
    """What a shipping, custom or rounding line becomes."""

    as_: Literal["item", "charge", "account"] = Field(alias="as")
    number: str
    tax_code: str | None = None


class ShippingRules(_Part):
    """Freight, by shipping method name or key."""

    default: LineTarget | None = None
    methods: Mapping[str, LineTarget] = {}
    carriers: Mapping[str, Carrier] = Field(default={}, description="by shipping method, like methods")

    def target(self, method: str | None) -> LineTarget | None:
        """Return the target of a method, else the default."""
        return self.methods.get(method or "", self.default)


class CustomLineRules(_Part):
    """Custom line items, by slug."""

    default: LineTarget | None = None
    slugs: Mapping[str, LineTarget] = {}

    def target(self, slug: str | None) -> LineTarget | None:
        """Return the target of a slug, else the default."""
        return self.slugs.get(slug or "", self.default)


class ItemTarget(_Part):
    """An item, and its variant where it has any."""

    item: str
    variant: str | None = None


class OrderRules(_Part):
    """How the order document itself is written."""

    reference_prefix: str = Field(default="", max_length=10)
    requested_delivery_field: str | None = Field(default=None, description="custom field with the wanted date")
    cut: frozenset[str] = Field(default=frozenset(), description="fields that may be cut to the back-end's length")


class TotalsRules(_Part):
    """How far the back-end's totals may be from commercetools', in minor units, and what closes the gap."""

    rounding: LineTarget | None = None
    gross_bound: int = Field(default=0, ge=0, description="largest gap that one rounding line may close")
    tax_bound: int = Field(default=0, ge=0, description="largest tax difference accepted when gross agrees")

    @model_validator(mode="after")
    def _rounding_given(self) -> TotalsRules:
        if self.gross_bound and self.rounding is None:
            raise ValueError("gross_bound above 0 needs rounding, the line that closes the gap")
        return self


class WriteBack(_Part):
    """Where commercetools keeps the back-end's number."""

    channel: str = Field(description="key of a channel with the role OrderExport")
    type: str | None = Field(default=None, description="key of the custom type that carries the field")
    field: str | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> WriteBack:
        if (self.type is None) != (self.field is None):
            raise ValueError("type and field belong together: give both or neither")
        return self


class Market(_Part):
    """One row: where a store's business lands."""

    name: str
    project: str = Field(description="key of a project, or * for every project")
    stores: frozenset[str] = Field(default=frozenset(), description="empty: every store, and orders without one")
    countries: frozenset[str] = frozenset()
    back_end: str
    company: str = Field(description="Business Central company id, Finance dataAreaId, Dataverse business unit")
    location: str | None = Field(default=None, description="warehouse of the lines")
    customers: CustomerRules = CustomerRules()
    tax: tuple[TaxRule, ...] = ()
    items: Mapping[str, ItemTarget] = {}
    shipping: ShippingRules = ShippingRules()
    custom_lines: CustomLineRules = CustomLineRules()
    order: OrderRules = OrderRules()
    totals: TotalsRules = TotalsRules()
    write_back: WriteBack | None = None
    payments: PaymentRules = PaymentRules()
    reasons: ReasonCodes = ReasonCodes()
    order_states: OrderStates = OrderStates()
    ownership: Mapping[ObjectName, Ownership] = {}
    custom_fields: CustomFieldRules = CustomFieldRules()
    price_books: tuple[PriceBook, ...] = ()
    warehouses: tuple[Warehouse, ...] = ()
    dataverse: DataverseOptions | None = None
    finance: FinanceOptions | None = None
    modes: Mapping[str, FlowMode] = {}

    @model_validator(mode="after")
    def _rows_are_distinct(self) -> Market:
        check_warehouses(self.warehouses)
        check_price_books(self.price_books)
        return self

    def owner(self, name: ObjectName) -> Ownership:
        """Return who owns an object here; the defaults are in `docs/market-map.md`."""
        return self.ownership.get(name) or Ownership(owner=DEFAULT_OWNERS[name])

    def mode(self, flow: str) -> FlowMode:
        """Return the flow's mode here; a flow that is not named is off."""
        return self.modes.get(flow, "off")

    def serves(self, project: str, store: str | None, country: str | None) -> bool:
        """Tell whether business of this project, store and country lands here."""
        return (
            self.project in (project, ANY_PROJECT)
            and (not self.stores or store in self.stores)
            and (not self.countries or country in self.countries)
        )


class MarketMap(_Part):
    """The whole map. Markets are tried in order: put the narrow ones first."""

    schema_version: Literal[1] = Field(alias="schema")
    projects: Mapping[str, Project]
    back_ends: Mapping[str, BackEnd]
    markets: tuple[Market, ...]

    @model_validator(mode="after")
    def _references_exist(self) -> MarketMap:
        problems = [problem for market in self.markets for problem in self._dangling(market)]
        names = [market.name for market in self.markets]
        problems += [f"two markets are named {name}" for name in sorted({n for n in names if names.count(n) > 1})]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _dangling(self, market: Market) -> Iterator[str]:
        if market.project not in (*self.projects, ANY_PROJECT):
            yield f"market {market.name}: project {market.project} is not in projects ({', '.join(self.projects)})"
        if market.back_end not in self.back_ends:
            yield f"market {market.name}: back_end {market.back_end} is not in back_ends ({', '.join(self.back_ends)})"

    def market_of(self, project: str, store: str | None, country: str | None) -> Market | None:
        """Return the first market that serves this business."""
        return next((market for market in self.markets if market.serves(project, store, country)), None)

    @cached_property
    def by_name(self) -> Mapping[str, Market]:
        """Markets by name."""
        return {market.name: market for market in self.markets}


def load_market_map(path: Path, environment: Mapping[str, str] | None = None) -> MarketMap:
    """Read a map file; `${NAME}` takes a value from the environment. Raises MarketMapError with every problem."""
    return parse_market_map(read_text(path), str(path), os.environ if environment is None else environment)


def read_text(path: Path) -> str:
    """Read a map file as it is. Raises MarketMapError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "no UTF-8 text"
        raise MarketMapError(str(path), [f"cannot be read: {why}; set MARKET_MAP to its path"]) from error


def parse_market_map(text: str, source: str, environment: Mapping[str, str]) -> MarketMap:
    """Read a map from text; see `load_market_map`."""
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MarketMapError(source, [f"no YAML: {' '.join(str(error).split())}"]) from error
    missing: list[str] = []
    filled = _fill(raw, environment, "", missing)
    if missing:
        raise MarketMapError(source, missing)
    try:
        return MarketMap.model_validate(filled)
    except ValidationError as error:
        items = error.errors(include_url=False, include_input=False)
        raise MarketMapError(source, [_problem(item) for item in items]) from None


def placeholder_names(text: str) -> list[str]:
    """List the settings that a map takes values from; comments do not count."""
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError:  # parse_market_map says what is wrong with it
        return []
    missing: list[str] = []
    _fill(tree, {}, "", missing)
    return list(dict.fromkeys(name for problem in missing for name in _PLACEHOLDER.findall(problem)))


def _fill(value: Any, environment: Mapping[str, str], path: str, missing: list[str]) -> Any:
    """Replace placeholders in every text of the tree, collecting the names that the environment lacks."""
    if isinstance(value, dict):
        return {key: _fill(item, environment, f"{path}.{key}".lstrip("."), missing) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, environment, f"{path}[{index}]", missing) for index, item in enumerate(value)]
    if not isinstance(value, str):
        return value
    absent = [name for name in _PLACEHOLDER.findall(value) if name not in environment]
    missing += [f"{path}: ${{{name}}} is not set; set the application setting {name}" for name in absent]
    return _PLACEHOLDER.sub(lambda match: environment.get(match[1], ""), value)


_HINTS = {
    "extra_forbidden": "no such option here; check the spelling in docs/market-map.md",
    "missing": "this option is required",
    "string_type": "put the value in quotes: YAML reads NO as false and 4711 as a number",
}


def _problem(item: Any) -> str:
    path = ".".join(str(part) for part in item["loc"]) or "(whole file)"
    message = item["msg"].removeprefix("Value error, ")
    hint = _HINTS.get(item["type"])
    return f"{path}: {message}" + (f" ({hint})" if hint else "")
