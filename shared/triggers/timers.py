"""Timer triggers: safety nets behind the events, and the work of the night."""

from __future__ import annotations

from datetime import timedelta

import azure.functions as func

from shared.app import app
from shared.pipeline.pulls import pull_all
from shared.pipeline.retention import Retention, forget_old
from shared.pipeline.subscriptions import renew_subscriptions
from shared.pipeline.sweep import SWEPT_BUSINESS_UNITS, SWEPT_CUSTOMERS, SWEPT_ORDERS, sweep_projects

blueprint = func.Blueprint()


@blueprint.timer_trigger(arg_name="timer", schedule="%ORDERS_SWEEP_SCHEDULE%", use_monitor=True)
async def orders_sweep(timer: func.TimerRequest) -> None:
    """Queue orders that no event brought."""
    del timer  # a late run and an early one do the same
    overlap = timedelta(seconds=app().settings.sweep_overlap_seconds)
    await sweep_projects(app().road, app().projects.values(), app().markets, overlap, SWEPT_ORDERS)


@blueprint.timer_trigger(arg_name="timer", schedule="%CUSTOMERS_SWEEP_SCHEDULE%", use_monitor=True)
async def customers_sweep(timer: func.TimerRequest) -> None:
    """Queue customers that no event brought: a change of the tax id or the language has none."""
    del timer
    overlap = timedelta(seconds=app().settings.sweep_overlap_seconds)
    kinds = (SWEPT_CUSTOMERS, SWEPT_BUSINESS_UNITS)
    await sweep_projects(app().road, app().projects.values(), app().markets, overlap, *kinds)


@blueprint.timer_trigger(arg_name="timer", schedule="%CUSTOMERS_PULL_SCHEDULE%", use_monitor=True)
async def customers_pull(timer: func.TimerRequest) -> None:
    """Queue customers that changed in the back-ends."""
    del timer
    await pull_all(app().road, app().markets, app().connectors, "customers")


@blueprint.timer_trigger(arg_name="timer", schedule="%SUBSCRIPTIONS_SCHEDULE%", use_monitor=True)
async def subscriptions_renewal(timer: func.TimerRequest) -> None:
    """Make and renew the webhook subscriptions that lapse by themselves."""
    del timer
    await renew_subscriptions(app().road, app().markets, app().connectors)


@blueprint.timer_trigger(arg_name="timer", schedule="%RETENTION_SCHEDULE%", use_monitor=True)
async def retention(timer: func.TimerRequest) -> None:
    """Remove what is older than it is kept."""
    del timer
    settings = app().settings
    kept = Retention(
        idempotency=timedelta(days=settings.idempotency_retention_days),
        audit=timedelta(days=settings.audit_retention_days),
        review=timedelta(days=settings.review_retention_days),
        rows=settings.retention_rows,
    )
    await forget_old(app().road, kept)


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
