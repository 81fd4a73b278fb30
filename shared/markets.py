"""The market map: which store's business lands in which company, and by which rules. One YAML file, checked whole."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from shared.market_options.addresses import EncryptedSecretUrl, EncryptedUrl
from shared.market_options.business_central import BusinessCentralOptions
from shared.market_options.catalogue import PriceRules, ProductRules, StockRules
from shared.market_options.customers import CustomerSync
from shared.market_options.dataverse import DataverseOptions
from shared.market_options.finance import FinanceOptions
from shared.market_options.landings import Landing, clashes
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
Prefix = Annotated[str, Field(max_length=10)]
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


class _SignIn(_Part):
    """Who signs in, and by what. With neither, the managed identity does, through a federated credential."""

    client_id: str
    client_secret: SecretStr | None = None
    certificate: SecretStr | None = Field(
        default=None, description="instead of client_secret: PKCS#12 without password in base64, as Key Vault has it"
    )

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        if self.client_secret is not None and self.certificate is not None:
            raise ValueError(f"client {self.client_id}: give client_secret or certificate, not both")
        return self


class ApplicationUser(_SignIn):
    """An application registration; see `BackEnd` for its ways to sign in."""


class BackEndLimits(_Part):
    """Ceilings of each application user, where they differ from those of the back-end's type."""

    in_flight: int | None = Field(default=None, ge=1, description="requests at once")
    requests: int | None = Field(default=None, ge=10, description="requests within the window")
    window_seconds: float | None = Field(default=None, ge=1)
    execution_seconds: float | None = Field(default=None, ge=10, description="execution time within the window")
    lease_seconds: float = Field(default=20, ge=5, description="what a killed process costs at most")
    max_wait_seconds: float = Field(default=5, gt=0, description="what would wait longer is tried again later")


class Events(_Part):
    """Where a back-end tells what has changed. Without it, changes come with the pulls alone."""

    url: EncryptedSecretUrl = Field(
        description="of this application, with the function key: …/api/dynamics/NAME/events?code=…"
    )
    secret: SecretStr = Field(description="what notices must show: clientState, or the header x-ctd365-secret")


class BackEnd(_SignIn):
    """A Dynamics back-end. With neither secret nor certificate, the managed identity signs in (federated)."""

    type: BackEndType
    url: EncryptedUrl = Field(description="API root, for Business Central …/v2.0/{tenant}/{environment}/api/v2.0")
    tenant_id: str
    authority: EncryptedUrl = "https://login.microsoftonline.com"
    scope: str
    users: tuple[ApplicationUser, ...] = Field(default=(), description="more application users; their limits add up")
    limits: BackEndLimits = BackEndLimits()
    events: Events | None = None

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
    match_vat_id: bool = Field(default=True, description="whether a unique exact tax id identifies a company")
    bill_to: Literal["sell_to", "customer_when_different"] = Field(
        default="customer_when_different",
        description="another payer becomes a customer, or not; in Dataverse sell_to: an order has one customer",
    )
    templates: Mapping[str, Mapping[str, str | int | float | bool]] = Field(
        default={}, description="fields that new customers of a country get in the back-end; * is every other country"
    )
    sync: CustomerSync = CustomerSync()

    def template(self, country: str | None) -> Mapping[str, str | int | float | bool]:
        """Return the fields of new customers of a country, in the back-end's own names."""
        return self.templates.get(country or "*", self.templates.get("*", {}))

    @model_validator(mode="after")
    def _guest_account_given(self) -> CustomerRules:
        if self.guest == "account" and not self.guest_account:
            raise ValueError("guest: account needs guest_account, the number of the customer that guests buy as")
        return self


class TaxRule(_Part):
    """A commercetools tax rate → a back-end tax code. What a rule leaves out matches anything; the first match wins.

    A line without any tax rate is matched by rules with `untaxed` alone: no tax data is not the same as a rate of 0.
    """

    country: str | None = None
    rate: Decimal | None = None
    category: str | None = None
    untaxed: bool = Field(
        default=False, description="for lines without any tax rate (tax mode Disabled, or External without rates)"
    )
    code: str

    @model_validator(mode="after")
    def _rate_or_untaxed(self) -> TaxRule:
        if self.untaxed and (self.rate is not None or self.category is not None):
            raise ValueError("untaxed lines have neither rate nor category: leave them out")
        return self


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

    reference_prefix: Prefix = ""
    reference_prefixes: Mapping[str, Prefix] = Field(
        default={}, description="by project, in the place of reference_prefix: for markets that serve several projects"
    )
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
    products: ProductRules = ProductRules()
    prices: PriceRules = PriceRules()
    stock: StockRules = StockRules()
    business_central: BusinessCentralOptions | None = None
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

    def of_project(self, project: str) -> Market:
        """Return the market as it is for the orders of one project: with that one's reference prefix."""
        prefix = self.order.reference_prefixes.get(project)
        if prefix is None:
            return self
        return self.model_copy(update={"order": self.order.model_copy(update={"reference_prefix": prefix})})


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
        for project in market.order.reference_prefixes.keys() - self.projects.keys():
            yield f"market {market.name}: order.reference_prefixes: project {project} is not in projects"
        if market.back_end not in self.back_ends:
            yield f"market {market.name}: back_end {market.back_end} is not in back_ends ({', '.join(self.back_ends)})"

    def market_of(self, project: str, store: str | None, country: str | None) -> Market | None:
        """Return the first market that serves this business, as it is for this project."""
        found = next((market for market in self.markets if market.serves(project, store, country)), None)
        return None if found is None else found.of_project(project)

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
        whole = MarketMap.model_validate(filled)
    except ValidationError as error:
        items = error.errors(include_url=False, include_input=False)
        raise MarketMapError(source, [_problem(item) for item in items]) from None
    if problems := [*clashes(_landings(whole)), *_payers(whole), *_homeless(whole)]:
        raise MarketMapError(source, problems)
    return whole.model_copy(update={"markets": tuple(_with_own_defaults(whole, market) for market in whole.markets)})


def _landings(whole: MarketMap) -> Iterator[Landing]:
    for index, market in enumerate(whole.markets):
        back_end = whole.back_ends[market.back_end]
        books = back_end.url.rstrip("/").casefold()
        if back_end.type != "dataverse":  # where business units are in one table of orders
            books = f"company {market.company.casefold()} of {books}"
        prefixes = {key: market.of_project(key).order.reference_prefix for key in _reaching(whole, index)}
        yield Landing(f"markets.{index}", market.name, books, prefixes)


def _reaching(whole: MarketMap, index: int) -> list[str]:
    """List the projects whose business reaches a market: one that takes all of a project keeps it from later ones."""
    market = whole.markets[index]
    named = whole.projects if market.project == ANY_PROJECT else [market.project]
    taken = {other.project for other in whole.markets[:index] if not other.stores and not other.countries}
    return [project for project in named if not taken & {project, ANY_PROJECT}]


def _payers(whole: MarketMap) -> Iterator[str]:
    """Refuse what was asked for and cannot be: a sales order of Dataverse has one customer."""
    for index, market in enumerate(whole.markets):
        is_asked = "bill_to" in market.customers.model_fields_set and market.customers.bill_to != "sell_to"
        if is_asked and whole.back_ends[market.back_end].type == "dataverse":
            yield (
                f"markets.{index}.customers.bill_to: sales orders of Dataverse have one customer, a payer of his own "
                "would be created and never used (leave it out or say sell_to; the billing address is on the order)"
            )


def _homeless(whole: MarketMap) -> Iterator[str]:
    """Refuse markets whose customers have no project: a back-end's new customer names none."""
    for index, market in enumerate(whole.markets):
        if market.project == ANY_PROJECT and len(whole.projects) > 1 and market.mode("customers") != "off":
            yield (
                f"markets.{index}.project: market {market.name} keeps customers in step and serves every project, but "
                "nothing says to which one a customer of the back-end belongs (name one project, and add a market "
                "for each other one; or switch modes.customers off)"
            )


def _with_own_defaults(whole: MarketMap, market: Market) -> Market:
    """Return a market with the defaults of its back-end's type."""
    if whole.back_ends[market.back_end].type != "dataverse":
        return market
    return market.model_copy(update={"customers": market.customers.model_copy(update={"bill_to": "sell_to"})})


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
