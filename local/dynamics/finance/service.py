"""What Finance does differently from other OData services: whole keys, companies, no mandatory If-Match."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

from local.dynamics.finance.company import COMPANY, SCOPE, Companies
from local.dynamics.finance.messages import MESSAGES
from local.dynamics.finance.on_hand import ON_HAND, OnHandRules
from local.dynamics.odata.definitions import Definitions, EntitySet, Row
from local.dynamics.odata.errors import ServiceError
from local.dynamics.odata.paths import Segment
from local.dynamics.odata.product import Product, Request, Response, Target
from local.dynamics.odata.service import ODataService

# Later versions of an entity are served as the version that is defined: over one table, with its properties.
VERSIONS = {
    "SalesOrderHeadersV3": "SalesOrderHeadersV2",
    "SalesOrderHeadersV4": "SalesOrderHeadersV2",
    "SalesOrderLinesV2": "SalesOrderLines",
    "SalesOrderLinesV3": "SalesOrderLines",
}


def crosses_companies(request: Request) -> bool:
    """Say whether the request looks beyond the user's own company."""
    return request.query.get("cross-company", "").lower() == "true"


class Addressing:
    """Checks keys: every field by name; a company other than the user's own needs cross-company=true."""

    def __init__(self, companies: Companies, definitions: Definitions) -> None:
        self._companies = companies
        self._definitions = definitions

    def __call__(self, segments: list[Segment], request: Request) -> tuple[str, list[Segment]]:
        """Return the one scope, and the path with its key in order."""
        if not segments:
            return SCOPE, segments
        first = replace(segments[0], name=VERSIONS.get(segments[0].name, segments[0].name))
        entity_set = self._definitions.get(first.name)
        if entity_set is not None and first.key is not None:
            first = self._whole(entity_set, first, request)
        return SCOPE, [first, *segments[1:]]

    def _whole(self, entity_set: EntitySet, segment: Segment, request: Request) -> Segment:
        given = dict(zip(segment.names, segment.key or (), strict=False))
        if len(segment.names) != len(segment.key or ()) or set(given) != set(entity_set.key):
            text = f"The key of {entity_set.name} is {', '.join(entity_set.key)}: give each of them by name."
            raise ServiceError(400, "", text)
        if COMPANY not in given:
            return replace(segment, key=tuple(_instant(entity_set, name, given[name]) for name in entity_set.key))
        given[COMPANY] = given[COMPANY].lower()
        key = tuple(given[name] for name in entity_set.key)
        if given[COMPANY] != self._companies.settings.default_company and not crosses_companies(request):
            raise MESSAGES.error("not_found", type=entity_set.entity_name, key=",".join(key))
        return replace(segment, key=key)


def visible_rows(companies: Companies) -> Callable[[Request, EntitySet], Callable[[Row], bool]]:
    """Listings show the user's own company alone unless the request crosses companies."""

    def visible(request: Request, _entity_set: EntitySet) -> Callable[[Row], bool]:
        own = companies.settings.default_company
        return lambda row: crosses_companies(request) or row.get(COMPANY, own) == own

    return visible


class FinanceService(ODataService):
    """Serves data entities."""

    def __init__(self, product: Product, companies: Companies) -> None:
        super().__init__(product)
        self._companies = companies

    def handle(self, request: Request) -> Response:
        """Answer one request; $expand goes one level deep."""
        if "$expand" in request.query.get("$expand", ""):
            error = MESSAGES.error("bad_option", option="$expand", value=request.query["$expand"])
            return Response(error.status, self.product.error_body(error))
        rules = self.product.rules[ON_HAND]
        if request.path.startswith(ON_HAND) and isinstance(rules, OnHandRules):
            rules.refresh()
        return super().handle(request)

    def _insert(self, request: Request, target: Target) -> Response:
        response = super()._insert(request, target)
        keys = ",".join(f"{name}='{quote(_doubled(response.body[name]))}'" for name in target.entity_set.key)
        location = {"Location": f"{request.root}/{target.entity_set.name}({keys})"}
        # Content-ID references live on the location; an environment may not know them.
        known = self._companies.settings.content_id_references
        return replace(response, headers={**response.headers, **(location if known else {})})

    def _modify(self, request: Request, target: Target) -> Response:
        changed = super()._modify(request, target)
        return Response(204, headers=changed.headers)

    def _writable(self, request: Request, target: Target, *, allowed: bool) -> Row:
        headers = {"if-match": "*", **request.headers}
        return super()._writable(replace(request, headers=headers), target, allowed=allowed)


def _instant(entity_set: EntitySet, name: str, value: str) -> str:
    """Spell an instant as it is stored; paths give everything without quotes in lower case."""
    return value.upper() if entity_set.fields[name].type == "Edm.DateTimeOffset" else value


def _doubled(value: object) -> str:
    return str(value).replace("'", "''")
