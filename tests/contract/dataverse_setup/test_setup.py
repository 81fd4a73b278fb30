"""`ctd365 setup dataverse` against an organisation that has nothing of it yet."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from typer.testing import CliRunner, Result

from local.dynamics.dataverse.environment import Environment, create_environment
from local.dynamics.odata.faults import Fault
from shared.cli.context import Context
from shared.cli.main import app
from shared.composition import App
from shared.dynamics.dataverse import Dataverse
from shared.dynamics.dataverse_setup import (
    Column,
    DataverseSetup,
    Existing,
    Key,
    Step,
    column_definition,
    compare,
    wanted,
)
from shared.errors import Permanent, Transient
from shared.market_options.dataverse import DataverseOptions
from shared.markets import MarketMap, parse_market_map
from tests.contract.connectors.dataverse_harness import dataverse_with
from tests.contract.connectors.harness import TOKEN_KEY, TRACE, an_order

ORDER_ID = Column("salesorder", "ctd365_orderid", "commercetools order id", 100)
ORDER_KEY = Key("salesorder", "ctd365_orderid")
DEFAULTS = [
    "ctd365_orderid",
    "ctd365_ordernumber",
    "ctd365_purchaseordernumber",
    "ctd365_customernumber",
    "ctd365_vatid",
    "ctd365_locale",
    "ctd365_locale",
    "ctd365_orderid_key",
    "change tracking",
    "change tracking",
    "change tracking",
    "change tracking",
]


@dataclass
class Waiting:
    """Counts the waits instead of waiting."""

    waits: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


def bare() -> Environment:
    return create_environment(TOKEN_KEY, customised=False)


def setup_of(environment: Environment, *options: DataverseOptions) -> tuple[DataverseSetup, Waiting]:
    connector = dataverse_with(environment).connector
    assert isinstance(connector, Dataverse)
    waiting = Waiting()
    return DataverseSetup(connector.api, options or [DataverseOptions()], TRACE, waiting), waiting


async def test_set_up_creates_what_is_missing_and_then_finds_it() -> None:
    environment = bare()
    setup, waiting = setup_of(environment)
    steps = await setup.plan()
    assert [(step.name, step.state) for step in steps] == [(name, "missing") for name in DEFAULTS]
    created: list[Step] = []
    await setup.apply(steps, created.append)
    assert [step.name for step in created] == DEFAULTS
    assert waiting.waits  # the index of a new key takes time
    assert {step.state for step in await setup.plan()} == {"there"}


async def test_planning_writes_nothing() -> None:
    environment = bare()
    setup, _ = setup_of(environment)
    await setup.plan()
    assert {entry["method"] for entry in environment.app.log} == {"GET"}


async def test_setting_up_again_writes_nothing() -> None:
    environment = create_environment(TOKEN_KEY)
    setup, waiting = setup_of(environment)
    await setup.apply(await setup.plan(), lambda step: pytest.fail(f"{step} was created"))
    assert {entry["method"] for entry in environment.app.log} == {"GET"}
    assert waiting.waits == []


async def test_orders_can_be_written_after_the_set_up() -> None:
    environment = bare()
    setup, _ = setup_of(environment)
    await setup.apply(await setup.plan(), lambda _: None)
    back_end = dataverse_with(environment)
    (customer,) = await back_end.connector.find_customers(back_end.market, TRACE, email="customer@example.com")
    environment.seeder.seed("contacts", [{"ctd365_customernumber": "10000", "lastname": "Customer"}])
    draft = await back_end.drafted(an_order("1001")[1])
    record = await back_end.connector.create_order(back_end.market, draft, customer, None, TRACE)
    assert record.reference == draft.reference


async def test_equal_values_that_stop_an_index_are_reported() -> None:
    environment = bare()
    environment.seeder.customise(
        {
            "salesorder": [{"name": name, "maxLength": 100} for name in DEFAULTS[:3]],
            "contact": [{"name": DEFAULTS[3], "maxLength": 50}],
        }
    )
    environment.seeder.seed("salesorders", [{"name": name, "ctd365_orderid": "same"} for name in "AB"])
    setup, _ = setup_of(environment)
    with pytest.raises(Permanent, match="two rows have the same ctd365_orderid"):
        await setup.apply(await setup.plan(), lambda _: None)


async def test_an_index_that_takes_too_long_ends_the_wait() -> None:
    environment = create_environment(TOKEN_KEY)
    setup, waiting = setup_of(environment)
    steps = await setup.plan()
    building = {"value": [{"KeyAttributes": ["ctd365_orderid"], "EntityKeyIndexStatus": "InProgress"}]}
    environment.app.faults.add([Fault(method="GET", path="/Keys$", times=1000, mode="patch", patch=building)])
    with pytest.raises(Transient, match="still being built"):
        await setup.apply(steps, lambda _: None)
    assert len(waiting.waits) == 60


def test_each_market_may_use_its_own_columns() -> None:
    other = DataverseOptions(order_key="shop_id", order_number=None, purchase_order_number=None, contact_number=None)
    columns, keys = wanted([DataverseOptions(), other])
    assert [column.name for column in columns] == [*DEFAULTS[:7], "shop_id"]
    assert [key.name for key in keys] == ["ctd365_orderid_key", "shop_id_key"]


@pytest.mark.parametrize(
    ("existing", "states"),
    [
        (Existing({}, {}), ["missing", "missing"]),
        (Existing({"ctd365_orderid": 100}, {("ctd365_orderid",): "Active"}), ["there", "there"]),
        (Existing({"ctd365_orderid": 200}, {("ctd365_orderid",): "Pending"}), ["there", "building"]),
        (Existing({"ctd365_orderid": 36}, {("name", "ctd365_orderid"): "Active"}), ["wrong", "missing"]),
        (Existing({"ctd365_orderid": None}, {("ctd365_orderid",): "Failed"}), ["wrong", "wrong"]),
    ],
)
def test_what_is_there_is_compared_with_what_is_needed(existing: Existing, states: list[str]) -> None:
    steps = compare([ORDER_ID], [ORDER_KEY], {"salesorder": existing})
    assert [step.state for step in steps] == states


async def test_nothing_is_created_while_something_must_be_corrected() -> None:
    environment = bare()
    setup, _ = setup_of(environment)
    wrong = Step("column", "salesorder", "ctd365_orderid", "wrong", "it takes 36 characters")
    with pytest.raises(Permanent, match="it takes 36 characters"):
        await setup.apply([wrong, Step("column", "contact", "ctd365_customernumber", "missing")], lambda _: None)
    assert len(environment.app.log) == 0


def test_a_column_is_described_as_the_web_api_wants_it() -> None:
    body = column_definition(ORDER_ID)
    assert body["@odata.type"] == "Microsoft.Dynamics.CRM.StringAttributeMetadata"
    assert (body["SchemaName"], body["MaxLength"], body["FormatName"]) == ("ctd365_orderid", 100, {"Value": "Text"})
    (label,) = body["DisplayName"]["LocalizedLabels"]
    assert (label["Label"], label["LanguageCode"]) == ("commercetools order id", 1033)


# -- the command

MARKET_MAP = """
schema: 1
projects:
  shop: {api_url: "http://localhost", auth_url: "http://localhost", client_id: id, client_secret: none}
back_ends:
  bc: {type: business_central, url: "http://localhost", tenant_id: t, client_id: c, scope: s}
  crm: {type: dataverse, url: "https://simulator/api/data/v9.2", tenant_id: t, client_id: c, scope: s}
markets:
  - {name: germany, project: shop, back_end: crm, company: example}
"""


@dataclass
class CommandLine:
    """The command with a simulator behind it."""

    environment: Environment
    markets: MarketMap = field(default_factory=lambda: parse_market_map(MARKET_MAP, "test", {}))

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["setup", "dataverse", *arguments], obj=self._context)

    @asynccontextmanager
    async def _context(self) -> AsyncIterator[Context]:
        under_test = dataverse_with(self.environment)
        async with under_test.http:
            yield Context(
                cast("App", _PartOfApp(self.markets, {"crm": under_test.connector})), cast("Any", None), (), Waiting()
            )


@dataclass
class _PartOfApp:
    markets: MarketMap
    connectors: dict[str, Any]


def test_the_plan_lists_what_would_be_created_and_creates_nothing() -> None:
    line = CommandLine(bare())
    result = line.run("--plan", "--json")
    assert result.exit_code == 0, result.output
    assert [(step["back_end"], step["name"], step["state"]) for step in json.loads(result.stdout)] == [
        ("crm", name, "missing") for name in DEFAULTS
    ]
    assert "to be created" in line.run("--plan").stdout


def test_the_command_says_what_it_created_and_may_run_again() -> None:
    line = CommandLine(bare())
    first, second = line.run(), line.run()
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "created or switched on: key salesorder.ctd365_orderid_key" in first.stdout
    assert "created" not in second.stdout
    assert "there" in second.stdout


URL = "http://127.0.0.1:7071/api/dynamics/crm/events?code=function-key"


def with_events() -> CommandLine:
    line = CommandLine(bare())
    events = f"scope: s, events: {{url: '{URL}', secret: the-secret}}}}\nmarkets:"
    line.markets = parse_market_map(MARKET_MAP.replace("scope: s}\nmarkets:", events), "test", {})
    return line


def test_the_webhook_is_planned_registered_with_the_secret_of_the_map_and_left_alone_then() -> None:
    line = with_events()
    planned = json.loads(line.run("--webhook", URL, "--plan", "--json").stdout)
    hooks = [step for step in planned if step["kind"] == "webhook"]
    assert {step["state"] for step in hooks} == {"missing"}
    assert line.environment.seeder.rows("serviceendpoints") == []
    first, second = line.run("--webhook", URL), line.run("--webhook", URL)
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    (endpoint,) = line.environment.seeder.rows("serviceendpoints")
    assert endpoint["url"] == URL.partition("?")[0]
    assert 'value="the-secret"' in endpoint["authvalue"]
    assert len(line.environment.seeder.rows("sdkmessageprocessingsteps")) == len(hooks) - 1
    assert "created" not in second.stdout
    assert "the-secret" not in first.output + second.output


def test_a_webhook_without_a_key_is_a_wrong_usage() -> None:
    result = with_events().run("--webhook", URL.partition("?")[0])
    assert (result.exit_code, "?code=KEY" in result.stderr) == (2, True)


def test_a_webhook_without_a_secret_in_the_map_is_a_configuration_error() -> None:
    result = CommandLine(bare()).run("--webhook", URL)
    assert (result.exit_code, "no events for crm" in result.stderr) == (3, True)


def test_a_back_end_that_is_no_dataverse_is_a_wrong_usage() -> None:
    result = CommandLine(bare()).run("--back-end", "bc")
    assert (result.exit_code, "known are: crm" in result.stderr) == (2, True)


def test_a_map_without_dataverse_is_a_configuration_error() -> None:
    line = CommandLine(bare())
    only_bc = {name: end for name, end in line.markets.back_ends.items() if name == "bc"}
    line.markets = line.markets.model_copy(update={"back_ends": only_bc})
    assert line.run().exit_code == 3


def test_a_service_that_is_down_ends_the_command_with_its_own_code() -> None:
    line = CommandLine(bare())
    line.environment.app.faults.add([Fault(method="GET", status=503, times=10)])
    assert line.run().exit_code == 4
