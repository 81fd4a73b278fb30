"""Timer triggers: safety nets behind the events."""

from __future__ import annotations

from datetime import timedelta

import azure.functions as func

from shared.app import app
from shared.pipeline.sweep import sweep_projects

blueprint = func.Blueprint()


@blueprint.timer_trigger(arg_name="timer", schedule="%ORDERS_SWEEP_SCHEDULE%", use_monitor=True)
async def orders_sweep(timer: func.TimerRequest) -> None:
    """Queue orders that no event brought."""
    del timer  # a late run and an early one do the same
    overlap = timedelta(seconds=app().settings.sweep_overlap_seconds)
    await sweep_projects(app().road, app().projects.values(), app().markets, overlap)
