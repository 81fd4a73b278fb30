"""What orders point at, looked up once and remembered: currencies, price lists, products."""

from __future__ import annotations

from collections.abc import Mapping

from shared.dynamics.odata import ODataClient, any_of, literal
from shared.errors import NotFound
from shared.market_options.dataverse import DataverseOptions
from shared.model.back_end import ItemRecord

SERVICE = "Dataverse"
MAX_OR_TERMS = 50  # keeps $filter well below URL limits
ACTIVE = 0


class Lookups:
    """Remembers what it found for the life of the process, except products that cannot be sold."""

    def __init__(self, api: ODataClient) -> None:
        self._api = api
        self._currencies: dict[str, str] = {}
        self._price_lists: dict[str, str] = {}
        self._products: dict[str, ItemRecord] = {}

    async def currencies(self, correlation_id: str) -> Mapping[str, str]:
        """Return the ISO code of each currency by its id."""
        if not self._currencies:
            rows = self._api.rows("transactioncurrencies", correlation_id, select="isocurrencycode")
            self._currencies = {row["transactioncurrencyid"]: row["isocurrencycode"] async for row in rows}
        return self._currencies

    async def order_binds(self, currency: str, options: DataverseOptions, correlation_id: str) -> dict[str, str]:
        """Return the binds of an order's currency and price list. Raises NotFound."""
        known = await self.currencies(correlation_id)
        found = next((key for key, code in known.items() if code == currency), None)
        if found is None:
            text = (
                f"no currency {currency}; add it in Dataverse, the codes there are {', '.join(sorted(known.values()))}"
            )
            raise NotFound(SERVICE, "find currency", text, code="NoCurrency")
        binds = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({found})"}
        name = options.price_lists.get(currency)
        if name is None:
            return binds
        return {**binds, "pricelevelid@odata.bind": f"/pricelevels({await self.price_list(name, correlation_id)})"}

    async def price_list(self, name: str, correlation_id: str) -> str:
        """Return the id of an active price list. Raises NotFound."""
        if name not in self._price_lists:
            condition = f"name eq {literal(name)} and statecode eq {ACTIVE}"
            async for row in self._api.rows("pricelevels", correlation_id, filter=condition, select="name"):
                self._price_lists[name] = row["pricelevelid"]
        if name not in self._price_lists:
            text = f"no active price list is named {name}; create it or correct the market map"
            raise NotFound(SERVICE, "find price list", text, code="NoPriceList")
        return self._price_lists[name]

    async def products(self, numbers: set[str], correlation_id: str) -> Mapping[str, ItemRecord]:
        """Return the products by the numbers that were asked for; what does not exist is left out."""
        found = {number: self._products[number] for number in numbers if number in self._products}
        missing = sorted(numbers - found.keys())
        for start in range(0, len(missing), MAX_OR_TERMS):
            found |= await self._fetch(missing[start : start + MAX_OR_TERMS], correlation_id)
        # A product that is not active is asked for anew each time: a person may activate it and resolve the question.
        self._products |= {number: item for number, item in found.items() if not item.blocked}
        return found

    async def _fetch(self, numbers: list[str], correlation_id: str) -> dict[str, ItemRecord]:
        asked = {number.casefold(): number for number in numbers}  # Dataverse compares without regard to case
        columns = "productnumber,statecode,_defaultuomid_value"
        rows = self._api.rows("products", correlation_id, filter=any_of("productnumber", numbers), select=columns)
        found: dict[str, ItemRecord] = {}
        async for row in rows:
            details = {"unit": row["_defaultuomid_value"]}
            blocked = row["statecode"] != ACTIVE
            item = ItemRecord(row["productid"], row["productnumber"], blocked=blocked, details=details)
            found[asked[row["productnumber"].casefold()]] = item
        return found
