"""Timer triggers: safety nets behind the events, pulls from the back-ends, and the work of the night."""

from __future__ import annotations

import azure.functions as func

from shared.app import app

blueprint = func.Blueprint()


@blueprint.timer_trigger(arg_name="timer", schedule="%ORDERS_SWEEP_SCHEDULE%", use_monitor=True)
async def orders_sweep(timer: func.TimerRequest) -> None:
    """Queue orders that no event brought."""
    del timer  # a late run and an early one do the same
    await app().jobs.sweep_orders()


@blueprint.timer_trigger(arg_name="timer", schedule="%CUSTOMERS_SWEEP_SCHEDULE%", use_monitor=True)
async def customers_sweep(timer: func.TimerRequest) -> None:
    """Queue customers that no event brought: a change of the tax id or the language has none."""
    del timer
    await app().jobs.sweep_customers()


@blueprint.timer_trigger(arg_name="timer", schedule="%CUSTOMERS_PULL_SCHEDULE%", use_monitor=True)
async def customers_pull(timer: func.TimerRequest) -> None:
    """Queue customers that changed in the back-ends."""
    del timer
    await app().jobs.pull_customers()


@blueprint.timer_trigger(arg_name="timer", schedule="%SUBSCRIPTIONS_SCHEDULE%", use_monitor=True)
async def subscriptions_renewal(timer: func.TimerRequest) -> None:
    """Make and renew the webhook subscriptions that lapse by themselves."""
    del timer
    await app().jobs.renew_subscriptions()


@blueprint.timer_trigger(arg_name="timer", schedule="%RETENTION_SCHEDULE%", use_monitor=True)
async def retention(timer: func.TimerRequest) -> None:
    """Remove what is older than it is kept."""
    del timer
    await app().jobs.forget_old()


@blueprint.timer_trigger(arg_name="timer", schedule="%PRODUCTS_PULL_SCHEDULE%", use_monitor=True)
async def products_pull(timer: func.TimerRequest) -> None:
    """Bring in step what changed of the back-ends' items."""
    del timer
    await app().catalogue.run_all("products")


@blueprint.timer_trigger(arg_name="timer", schedule="%PRICES_PULL_SCHEDULE%", use_monitor=True)
async def prices_pull(timer: func.TimerRequest) -> None:
    """Bring in step what changed of the back-ends' prices."""
    del timer
    await app().catalogue.run_all("prices")


@blueprint.timer_trigger(arg_name="timer", schedule="%INVENTORY_PULL_SCHEDULE%", use_monitor=True)
async def inventory_pull(timer: func.TimerRequest) -> None:
    """Bring in step what changed of the back-ends' stock."""
    del timer
    await app().catalogue.run_all("inventory")


@blueprint.timer_trigger(arg_name="timer", schedule="%CATALOGUE_FULL_SCHEDULE%", use_monitor=True)
async def catalogue_full(timer: func.TimerRequest) -> None:
    """Compare everything, so that what somebody changed in the shop, or what no change told, is set right."""
    del timer
    await app().catalogue.run_everything()
