"""Service Bus triggers: decode, hand to the pipeline; an exception makes the host abandon the message."""

from __future__ import annotations

import azure.functions as func

from shared.app import app
from shared.messaging.queues import COMMERCETOOLS_EVENTS, CUSTOMERS, INVENTORY, ORDERS, PRICES, PRODUCTS
from shared.pipeline.failures import Incoming
from shared.pipeline.intake import take_message
from shared.pipeline.process import process

blueprint = func.Blueprint()


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name=ORDERS, connection="ServiceBus", is_sessions_enabled=True
)
async def orders(message: func.ServiceBusMessage) -> None:
    """Take one order down the road."""
    await process(app().road, app().orders, incoming_of(message, ORDERS))


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name=CUSTOMERS, connection="ServiceBus", is_sessions_enabled=True
)
async def customers(message: func.ServiceBusMessage) -> None:
    """Take one customer down the road."""
    await process(app().road, app().customers, incoming_of(message, CUSTOMERS))


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name=PRODUCTS, connection="ServiceBus", is_sessions_enabled=True
)
async def products(message: func.ServiceBusMessage) -> None:
    """Look at the products of one market."""
    await process(app().road, app().catalogue.flows()["products"], incoming_of(message, PRODUCTS))


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name=PRICES, connection="ServiceBus", is_sessions_enabled=True
)
async def prices(message: func.ServiceBusMessage) -> None:
    """Look at the prices of one market."""
    await process(app().road, app().catalogue.flows()["prices"], incoming_of(message, PRICES))


@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name=INVENTORY, connection="ServiceBus", is_sessions_enabled=True
)
async def inventory(message: func.ServiceBusMessage) -> None:
    """Look at the inventory of one market."""
    await process(app().road, app().catalogue.flows()["inventory"], incoming_of(message, INVENTORY))


@blueprint.service_bus_queue_trigger(arg_name="message", queue_name=COMMERCETOOLS_EVENTS, connection="ServiceBus")
async def commercetools_events_queue(message: func.ServiceBusMessage) -> None:
    """Take a notification that commercetools sent straight to Service Bus."""
    await take_message(app().road, app().markets.projects, incoming_of(message, COMMERCETOOLS_EVENTS))


def incoming_of(message: func.ServiceBusMessage, queue: str) -> Incoming:
    """Reduce a trigger message to what the pipeline needs."""
    return Incoming(
        queue=queue,
        body=message.get_body(),
        message_id=message.message_id or "-",
        sequence_number=message.sequence_number or 0,
        delivery_count=message.delivery_count or 1,
    )
