"""What a Dataverse organisation must have for a market: columns and keys, price lists, service products."""

from __future__ import annotations

from shared.dynamics import examination
from shared.dynamics.dataverse_lookups import ACTIVE, Lookups
from shared.dynamics.dataverse_setup import DataverseSetup, Step
from shared.dynamics.examination import Examined
from shared.dynamics.odata import ODataClient, any_of
from shared.market_options.dataverse import DataverseOptions
from shared.markets import LineTarget, Market
from shared.model.back_end import ItemRecord


async def examine(api: ODataClient, market: Market, correlation_id: str) -> list[Examined]:
    """Look for everything that the market names."""
    options = market.dataverse or DataverseOptions()
    steps = await DataverseSetup(api, [options], correlation_id).plan()
    found = [_of_step(step) for step in steps]
    found += await _price_lists(api, options, correlation_id)
    targets = line_targets(market)
    numbers = {target.number for target in targets if target.as_ == "item"}
    products = await Lookups(api).products(numbers, correlation_id)
    found += [_of_product(number, products.get(number)) for number in sorted(numbers)]
    found += [_no_product(target) for target in targets if target.as_ != "item" and not options.write_in]
    return found


def line_targets(market: Market) -> list[LineTarget]:
    """List what freight, custom and rounding lines of a market become."""
    return [target for _, target in examination.line_targets(market)]


def _of_step(step: Step) -> Examined:
    what = f"{step.kind} {step.table}.{step.name}"
    if step.state == "there":
        return Examined(what)
    if step.state == "wrong":
        return Examined(what, f"{what} cannot be used", step.problem)
    return Examined(what, f"{what} is {step.state}", "run ctd365 setup dataverse")


async def _price_lists(api: ODataClient, options: DataverseOptions, correlation_id: str) -> list[Examined]:
    names = sorted(set(options.price_lists.values()))
    if not names:
        return []
    rows = api.rows("pricelevels", correlation_id, filter=any_of("name", names), select="name,statecode")
    states = {row["name"].casefold(): row["statecode"] async for row in rows}
    return [_of_price_list(name, states.get(name.casefold())) for name in names]


def _of_price_list(name: str, state: int | None) -> Examined:
    what = f"price list {name}"
    if state is None:
        return Examined(what, f"there is no {what}", "create it, or correct dataverse.price_lists of the market")
    if state != ACTIVE:
        return Examined(what, f"{what} is not active", "activate it, or name another one")
    return Examined(what)


def _of_product(number: str, item: ItemRecord | None) -> Examined:
    what = f"product {number}"
    if item is None:
        return Examined(what, f"there is no {what}", "create it, or correct the market map")
    if item.blocked:
        return Examined(what, f"{what} is not active", "activate it, or name another one in the market map")
    return Examined(what)


def _no_product(target: LineTarget) -> Examined:
    what = f"{target.as_} {target.number}"
    return Examined(what, f"{what} is no product", "say as: item and a product number, or allow dataverse.write_in")
