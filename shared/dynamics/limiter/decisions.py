"""Who gets what: pure decisions on the sheet of one application user.

Requests are a token bucket. With a burst B and a rate r, and grants used within D seconds, no window of W seconds sees
more than B + r (W + D) requests; r is chosen to make that the limit. A steady pace also avoids the echo of a sliding
window, in which a burst comes back as a pause one window later. Execution time is a second bucket, which may go into
debt since a request's time is known afterwards only.
"""

from __future__ import annotations

import math
from dataclasses import replace

from shared.dynamics.limiter.limits import CLOCK_ERROR, Limits, Rules
from shared.dynamics.limiter.sheet import Holder, Report, Sheet

# Several processes report the same moment of trouble within a settlement or two: it counts once.
_CUT_EVERY = 2.0
_CUT = 0.5
_HINT_SECONDS = 300.0
# The budget where only parallelism is limited.
UNLIMITED = 1_000_000


def settle(sheet: Sheet, report: Report, limits: Limits, rules: Rules, now: float) -> Sheet:
    """Take in one process's report and decide what it holds from now on: `holders[report.holder]`, absent for nothing.

    `now` is the store's clock, or a little behind it; time on the sheet never runs backwards.
    """
    now = max(now, sheet.at)
    sheet = _swept(_refilled(sheet, limits, rules, now), now)
    sheet = _charged(sheet, report, limits, rules)
    sheet = _heeded(sheet, report, limits, rules, now)
    return _granted(sheet, report, limits, rules)


def ceiling(sheet: Sheet, limits: Limits, rules: Rules) -> int:
    """How many requests may be in flight now: below the limit after trouble, and never above what was recommended."""
    most = float(limits.in_flight)
    if sheet.ceiling is not None:
        quiet = max(0.0, sheet.at - max(sheet.ceiling_at, sheet.blocked_until))
        most = min(most, sheet.ceiling + quiet / rules.raise_every)
    if sheet.hint is not None and sheet.at < sheet.hint_until:
        most = min(most, sheet.hint)
    return max(1, int(most))


def wait(sheet: Sheet, limits: Limits, rules: Rules) -> float:
    """Seconds until the user may be granted a request, as far as time decides and not other processes."""
    pauses = [0.0, sheet.blocked_until - sheet.at]
    if limits.requests is not None:
        pauses.append((1 - sheet.tokens) / _rate(limits.requests, limits, rules))
    if limits.execution_seconds is not None and sheet.seconds <= 0:
        pauses.append(-sheet.seconds / _rate(limits.execution_seconds, limits, rules))
    return max(pauses)


def _rate(limit: float, limits: Limits, rules: Rules) -> float:
    return (limit - _burst(limit, rules)) / (limits.window_seconds + rules.fresh)


def _burst(limit: float, rules: Rules) -> float:
    return max(1.0, limit * rules.burst)


def _refilled(sheet: Sheet, limits: Limits, rules: Rules, now: float) -> Sheet:
    # A sheet that nobody wrote yet starts with full buckets.
    passed = now - sheet.at if sheet.at else math.inf
    tokens, seconds = sheet.tokens, sheet.seconds
    if limits.requests is not None:
        tokens = _filled(tokens, limits.requests, passed, limits, rules)
    if limits.execution_seconds is not None:
        seconds = _filled(seconds, limits.execution_seconds, passed, limits, rules)
    return replace(sheet, at=now, tokens=tokens, seconds=seconds)


def _filled(level: float, limit: float, passed: float, limits: Limits, rules: Rules) -> float:
    return min(_burst(limit, rules), level + passed * _rate(limit, limits, rules))


def _swept(sheet: Sheet, now: float) -> Sheet:
    """Forget processes that fell silent. Their budget is lost: nobody knows how much of it was used."""
    return replace(sheet, holders={name: held for name, held in sheet.holders.items() if now < held.lapses_at})


def _charged(sheet: Sheet, report: Report, limits: Limits, rules: Rules) -> Sheet:
    """Take back the budget that was not used, up to the brim; what was used beyond it becomes a debt."""
    held = sheet.holders.get(report.holder)
    if held is not None and held.settlement >= report.settlement:
        return sheet  # this very report was written before, only the store's answer got lost
    tokens = sheet.tokens
    if limits.requests is not None:
        unused = (held.budget if held else 0) - report.used
        tokens = min(_burst(limits.requests, rules), tokens + unused)
    seconds = sheet.seconds - report.seconds if limits.execution_seconds is not None else 0.0
    return replace(sheet, tokens=tokens, seconds=seconds)


def _heeded(sheet: Sheet, report: Report, limits: Limits, rules: Rules, now: float) -> Sheet:
    """Obey what the back-end said: pause, halve the parallelism after trouble, stay below a recommendation."""
    if report.hint is not None:
        sheet = replace(sheet, hint=max(1, report.hint), hint_until=now + _HINT_SECONDS)
    if not report.refusals:
        return sheet
    if now >= max(sheet.ceiling_at + _CUT_EVERY, sheet.blocked_until):
        lower = max(1.0, ceiling(sheet, limits, rules) * _CUT)
        sheet = replace(sheet, ceiling=lower, ceiling_at=now)
    if report.pause <= 0:
        return sheet
    # The margin is for processes whose clock is ahead of ours.
    return replace(sheet, blocked_until=max(sheet.blocked_until, now + report.pause + CLOCK_ERROR))


def _granted(sheet: Sheet, report: Report, limits: Limits, rules: Rules) -> Sheet:
    others = {name: held for name, held in sheet.holders.items() if name != report.holder}
    mine = sheet.holders.get(report.holder)
    if not (report.wants or report.busy):
        return replace(sheet, holders=others)
    cap = _cap(sheet, report, ceiling(sheet, limits, rules), rules)
    slots = max(cap, report.busy)
    budget = _budget(sheet, report, cap, limits)
    kept = mine is not None and (mine.slots > 0) == (slots > 0)
    holder = Holder(
        slots=slots,
        cap=cap,
        budget=budget,
        wants=report.wants,
        since=mine.since if mine is not None and kept else sheet.at,
        lapses_at=sheet.at + rules.lapse,
        settlement=report.settlement,
    )
    tokens = sheet.tokens - budget if limits.requests is not None else 0.0
    return replace(sheet, tokens=tokens, holders={**others, report.holder: holder})


def _cap(sheet: Sheet, report: Report, most: int, rules: Rules) -> int:
    """Share the slots: a fair part first, then what nobody else is short of, by turns when there are too few."""
    mine = sheet.holders.get(report.holder)
    others = [held for name, held in sheet.holders.items() if name != report.holder]
    contenders = 1 + sum(held.wants > 0 for held in others)
    fair = max(1, most // contenders)
    free = most - sum(held.slots for held in others)
    holding, since = (mine.slots, mine.since) if mine else (0, sheet.at)
    short = sum(_shortage(held, fair) for held in others)
    ahead = 0 if holding else sum(_shortage(held, fair) for held in others if held.since < since)
    # Those who held longest go first, and no more of them than have nothing.
    older = sum(held.slots > 0 and held.since < since for held in others)
    if holding and older < short and contenders > most and sheet.at >= since + rules.turn:
        return 0
    return max(0, min(report.wants, free, max(min(fair, free - ahead), free - short)))


def _shortage(held: Holder, fair: int) -> int:
    return max(0, min(held.wants, fair) - held.slots)


def _budget(sheet: Sheet, report: Report, cap: int, limits: Limits) -> int:
    """Grant requests for the time until the next settlement, in proportion to the slots."""
    if cap == 0 or sheet.at < sheet.blocked_until:
        return 0
    if limits.execution_seconds is not None and sheet.seconds <= 0:
        return 0
    if limits.requests is None:
        return UNLIMITED
    held = cap + sum(other.slots for name, other in sheet.holders.items() if name != report.holder)
    return max(0, min(report.expects, int(sheet.tokens), math.ceil(sheet.tokens * cap / held)))
