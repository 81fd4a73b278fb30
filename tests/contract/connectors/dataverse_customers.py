"""Dataverse under the customer suite: accounts with contacts, and contacts that are customers themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.dynamics.dataverse.environment import Environment, create_environment
from local.dynamics.dataverse.service import SCOPE
from shared.market_options.customers import CustomerSync
from shared.market_options.dataverse import DataverseOptions
from shared.market_options.trade import CustomFieldRules
from shared.markets import CustomerRules
from shared.model.customer_fields import FIELD_NAMES, Fields
from tests.contract.connectors.customer_harness import CustomersUnderTest
from tests.contract.connectors.dataverse_harness import PLENTY, dataverse_market, dataverse_with
from tests.contract.connectors.harness import TOKEN_KEY

GROUPS = [{"commercetools": "wholesale", "back_end": "Web EUR"}, {"commercetools": "retail", "back_end": "Web SEK"}]
NOT_HELD = {"company"}  # an account's name is the company


def customers() -> CustomersUnderTest:
    return customers_with()


def customers_with(environment: Environment | None = None, **options: Any) -> CustomersUnderTest:
    environment = environment or create_environment(TOKEN_KEY, limits=PLENTY)
    under_test = dataverse_with(environment)
    rules = CustomerRules(bill_to="sell_to", sync=CustomerSync.model_validate({"groups": GROUPS}))
    own = {"dataverse": DataverseOptions.model_validate(options), "customers": rules}
    custom = CustomFieldRules(customer={"faxNumber": "fax"})
    market = dataverse_market().model_copy(update={**own, "custom_fields": custom})
    by_hand = ByHand(environment)
    return CustomersUnderTest(
        back_end=type(under_test)(**{**vars(under_test), "market": market}),
        by_hand=by_hand.change,
        delete=by_hand.delete,
        many=by_hand.many,
        holds=frozenset(FIELD_NAMES) - NOT_HELD,
    )


class ByHand:
    """What people do in the organisation itself."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def change(self, customer_id: str, fields: Fields) -> None:
        columns: dict[str, Any] = {}
        if "phone" in fields:
            columns["telephone1"] = fields["phone"]
        if "blocked" in fields:
            columns |= {"statecode": int(bool(fields["blocked"])), "statuscode": 1 + bool(fields["blocked"])}
        self.write(customer_id, columns)

    def write(self, record_id: str, columns: Mapping[str, Any]) -> None:
        entity_set, row = self.row(record_id)
        with self._environment.store.transaction():
            self._environment.rules[entity_set].modify(SCOPE, row, columns)

    def delete(self, record_id: str) -> None:
        entity_set, row = self.row(record_id)
        with self._environment.store.transaction():
            self._environment.rules[entity_set].delete(SCOPE, row)

    def many(self, count: int) -> list[str]:
        rows = [{"firstname": "Example", "lastname": f"Customer {index}"} for index in range(count)]
        return [f"contacts({row['contactid']})" for row in self._environment.seeder.seed("contacts", rows)]

    def row(self, record_id: str) -> tuple[str, dict[str, Any]]:
        entity_set, _, key = record_id.removesuffix(")").partition("(")
        return entity_set, self._environment.store.table(SCOPE, entity_set).rows[(key,)]
