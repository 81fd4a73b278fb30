"""What a Finance environment must have for a market: the legal entity, and the codes that the market names in it.

The names of these entity sets and fields come from Microsoft's dual-write mappings and published clients, not from the
tenant: one that an environment does not serve is said as such, and nothing is called missing because of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.dynamics.examination import Examined, Named, by_value, payment_methods, payment_terms, tax_codes
from shared.dynamics.finance_records import in_company, same_text
from shared.dynamics.odata import ODataClient, any_of, literal
from shared.errors import Permanent
from shared.market_options.finance import FinanceOptions
from shared.markets import Market

COMPANIES, COMPANY = "LegalEntities", "LegalEntityId"
MAX_OR_TERMS = 50  # keeps $filter well below URL limits
# An entity set that is not there, a field that is not there, an application user who may not read it.
_NOT_SERVED = frozenset({400, 403, 404})


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of code: how people call it, and where Finance lists it."""

    name: str
    entity_set: str
    field: str


SALES_TAX_GROUP = Kind("sales tax group", "TaxGroups", "TaxGroupCode")
ITEM_SALES_TAX_GROUP = Kind("item sales tax group", "TaxItemGroupHeadings", "TaxItemGroup")
CUSTOMER_GROUP = Kind("customer group", "CustomerGroups", "CustomerGroupId")
SITE = Kind("site", "OperationalSitesV2", "SiteId")
SALES_ORIGIN = Kind("sales origin", "SalesOrderOriginCodes", "OriginCode")
SALES_POOL = Kind("sales pool", "SalesOrderPools", "PoolId")
MODE_OF_DELIVERY = Kind("mode of delivery", "DeliveryModesV2", "ModeCode")
PAYMENT_METHOD = Kind("method of payment", "CustomerPaymentMethods", "Name")
PAYMENT_TERMS = Kind("terms of payment", "PaymentTerms", "Name")


async def examine(api: ODataClient, market: Market, correlation_id: str) -> list[Examined]:
    """Look for everything that the market names; without the legal entity nothing else can be there."""
    company = await _company(api, market, correlation_id)
    if company.defect and not company.unsure:
        return [company]
    found = [company]
    for kind, named in _wanted(market):
        if places := by_value(named):
            found += await _codes(api, market, kind, places, correlation_id)
    return found


async def _company(api: ODataClient, market: Market, correlation_id: str) -> Examined:
    name = market.company
    try:
        rows = api.rows(COMPANIES, correlation_id, filter=f"{COMPANY} eq {literal(name)}")
        known = [row async for row in rows if same_text(row.get(COMPANY), name)]
    except Permanent as error:
        return _unsure("company", error, COMPANIES, f"company: {name}")
    if known:
        return Examined(f"company {name}")
    return Examined("company", f"company: there is no legal entity {name}", "create it, or correct the market map")


async def _codes(
    api: ODataClient, market: Market, kind: Kind, places: Mapping[str, str], correlation_id: str
) -> list[Examined]:
    try:
        known = {code async for code in _known(api, market, kind, list(places), correlation_id)}
    except Permanent as error:
        asked = "; ".join(f"{where}: {kind.name} {value}" for value, where in places.items())
        return [_unsure(kind.name, error, kind.entity_set, asked)]
    return [_of_code(kind, value, where, market.company, known) for value, where in places.items()]


async def _known(
    api: ODataClient, market: Market, kind: Kind, values: Sequence[str], correlation_id: str
) -> AsyncIterator[str]:
    """Yield the codes that exist, in lower case."""
    for start in range(0, len(values), MAX_OR_TERMS):
        condition = f"({any_of(kind.field, list(values[start : start + MAX_OR_TERMS]))})"
        async for row in api.rows(kind.entity_set, correlation_id, filter=in_company(market.company, condition)):
            yield str(row.get(kind.field)).casefold()


def _of_code(kind: Kind, value: str, where: str, company: str, known: set[str]) -> Examined:
    what = f"{kind.name} {value}"
    if value.casefold() in known:
        return Examined(what, check=kind.name)
    defect = f"{where}: there is no {what} in {company}"
    return Examined(what, defect, "create it there, or correct the market map", check=kind.name)


def _unsure(check: str, error: Permanent, entity_set: str, asked: str) -> Examined:
    """Say that a look-up was not possible. Raises the error again when the back-end as a whole refuses us."""
    if error.status not in _NOT_SERVED:
        raise error
    why = "may not be read" if error.status == 403 else "is not served as expected"
    defect = f"{asked}: not checked, since {entity_set} {why} ({error.status}: {error.message})"
    fix = f"look it up in Finance; nothing but the doctor reads {entity_set}"
    return Examined(check, defect, fix, unsure=True, check=check)


def _wanted(market: Market) -> Iterator[tuple[Kind, Iterable[Named]]]:
    options = market.finance or FinanceOptions()
    codes = [(Named(name.place, part), is_item) for name in tax_codes(market) for part, is_item in _groups(name.value)]
    own = Named("finance.sales_tax_group", options.sales_tax_group or "")
    yield SALES_TAX_GROUP, _given([own, *(name for name, is_item in codes if not is_item)])
    yield ITEM_SALES_TAX_GROUP, [name for name, is_item in codes if is_item]
    yield CUSTOMER_GROUP, _given([Named("finance.customer_group", options.customer_group or "")])
    yield SITE, _given([Named("finance.site", options.site or "")])
    yield SALES_ORIGIN, _given([Named("finance.sales_origin", options.sales_origin or "")])
    yield SALES_POOL, _given([Named("finance.sales_pool", options.sales_pool or "")])
    carriers = market.shipping.carriers.items()
    yield MODE_OF_DELIVERY, [Named(f"shipping.carriers.{name}.agent", carrier.agent) for name, carrier in carriers]
    yield PAYMENT_METHOD, payment_methods(market)
    yield PAYMENT_TERMS, payment_terms(market)


def _given(named: Iterable[Named]) -> list[Named]:
    return [name for name in named if name.value]


def _groups(code: str) -> Iterator[tuple[str, bool]]:
    """Split a tax code into the groups that it names, each with whether it is the item's: see `FinanceOptions`."""
    group, separator, item_group = code.rpartition("/")
    if separator:
        yield group, False
    yield item_group, True
