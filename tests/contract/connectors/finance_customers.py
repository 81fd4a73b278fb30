"""Finance under the customer suite, and for its own tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from local.dynamics.finance.environment import Environment, create_environment
from local.dynamics.odata.definitions import Row
from shared.market_options.customers import CustomerSync
from shared.market_options.trade import CodePair, CustomFieldRules
from shared.markets import CustomerRules
from shared.model.customer_fields import Fields
from tests.contract.connectors.customer_harness import CustomersUnderTest
from tests.contract.connectors.finance_harness import finance_with
from tests.contract.connectors.harness import TOKEN_KEY

HOLDS = frozenset(
    {
        *("company", "first_name", "last_name", "email", "phone", "vat_id", "locale", "customer_group"),
        *("payment_terms", "credit_limit", "blocked", "billing_address", "shipping_address", "addresses"),
    }
)
GROUPS = tuple(CodePair(commercetools=name, back_end=name.upper()) for name in ("wholesale", "retail"))
FIELD_OF = {"phone": "PrimaryContactPhone", "blocked": "OnHoldStatus"}


def customers() -> CustomersUnderTest:
    return customers_with(vat_id_field="TaxExemptNumber", more_addresses=True)


def customers_with(**options: Any) -> CustomersUnderTest:
    """The test market with these options of Finance, groups, and an own field."""
    environment = create_environment(TOKEN_KEY)
    environment.companies.add_row("tax exempt numbers", "demf", "DE987654321")
    under_test = finance_with(environment, **options)
    rules = CustomerRules(sync=CustomerSync(groups=GROUPS))
    own = CustomFieldRules(customer={"memo": "SalesMemo", "chain": "CompanyChain", "oneTime": "IsOneTimeCustomer"})
    market = under_test.market.model_copy(update={"customers": rules, "custom_fields": own})
    changed = replace(under_test, market=market)
    return CustomersUnderTest(
        changed,
        by_hand=lambda account, fields: _by_hand(environment, account, fields),
        delete=lambda account: _delete(environment, account),
        many=lambda count: _many(environment, count),
        holds=HOLDS,
    )


def row_of(environment: Environment, account: str) -> Row:
    row = environment.companies.find("CustomersV3", "demf", account)
    assert row is not None
    return row


def _by_hand(environment: Environment, account: str, fields: Fields) -> None:
    hold = {True: "All", False: "No"}
    spelled = {FIELD_OF[name]: hold[value] if isinstance(value, bool) else value for name, value in fields.items()}
    environment.seeder.seed("CustomersV3", [row_of(environment, account) | spelled])


def _delete(environment: Environment, account: str) -> None:
    environment.companies.store.remove("", "CustomersV3", ("demf", account))


def _many(environment: Environment, count: int) -> list[str]:
    accounts = [f"MANY-{number:04}" for number in range(count)]
    person = {"PartyType": "Person", "PersonLastName": "Customer"}
    rows = [{"CustomerAccount": account, "PartyNumber": account, **person} for account in accounts]
    environment.seeder.seed("CustomersV3", rows, "demf")
    return accounts
