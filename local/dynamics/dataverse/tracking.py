"""Change tracking over HTTP: `Prefer: odata.track-changes`, delta links, and their pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from local.dynamics.dataverse.catalogue import Table
from local.dynamics.dataverse.changes import VALID_FOR, Changes, number_of
from local.dynamics.dataverse.messages import MESSAGES
from local.dynamics.odata.product import Request, Response

DELTA, PAGE = "$deltatoken", "$skiptoken"
SINCE = "trackedfrom"  # carries the moment of the first page to the last one; the real one hides it in $skiptoken
# What a request with change tracking must not ask for.
NOT_WITH_TRACKING = ("$filter", "$orderby", "$expand", "$top")


@dataclass(frozen=True)
class DeltaPage:
    """Ids of rows that were written or deleted, and the link that goes on."""

    written: list[str]
    gone: list[str]
    link: Mapping[str, str]


class Tracking:
    """Answers what changed."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    @staticmethod
    def wanted(request: Request) -> bool:
        """Say whether the request asks for a delta link."""
        return "odata.track-changes" in request.headers.get("prefer", "")

    @staticmethod
    def check(request: Request, table: Table) -> None:
        """Refuse tables that are not tracked, and options that do not go with tracking."""
        if not table.tracked:
            raise MESSAGES.error("not_tracked", type=table.name)
        for option in NOT_WITH_TRACKING:
            if option in request.query:
                raise MESSAGES.error("no_track_changes", option=option)

    def linked(self, request: Request, response: Response) -> Response:
        """Add the delta link to the last page of a listing; it counts from the first page."""
        assert isinstance(response.body, dict)
        since = request.query.get(SINCE) or self._changes.token()
        link = response.body.get("@odata.nextLink")
        if link:
            response.body["@odata.nextLink"] = f"{link}&{urlencode({SINCE: since})}"
        else:
            response.body["@odata.deltaLink"] = _link(request, {DELTA: since})
        return response

    def page(self, request: Request, entity_set: str, size: int) -> DeltaPage:
        """Return what the delta token asks for."""
        token = request.query[DELTA]
        after, head = self._window(token, request.query.get(PAGE))
        found = self._changes.between(entity_set, after, number_of(head))
        rows = found[:size]
        if len(found) > size:
            link = {"@odata.nextLink": _link(request, {DELTA: token, PAGE: f"{rows[-1][0]}!{head}"})}
        else:
            link = {"@odata.deltaLink": _link(request, {DELTA: head})}
        written = [row_id for _, row_id, gone in rows if not gone]
        return DeltaPage(written, [row_id for _, row_id, gone in rows if gone], link)

    def _window(self, token: str, page: str | None) -> tuple[int, str]:
        try:
            if self._changes.is_expired(token):
                raise MESSAGES.error("delta_expired", days=VALID_FOR.days)
            after, _, head = (page or f"{number_of(token)}!{self._changes.token()}").partition("!")
            number_of(head)
            return int(after), head
        except ValueError as error:
            raise MESSAGES.error("bad_option", option=DELTA, value=token) from error


def _link(request: Request, tokens: Mapping[str, Any]) -> str:
    options = {name: value for name, value in request.query.items() if name not in (DELTA, PAGE, SINCE)}
    return f"{request.root}/{request.path}?{urlencode({**options, **tokens})}"
