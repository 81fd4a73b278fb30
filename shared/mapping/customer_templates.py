"""What new customers of a country get in the back-end besides their own fields. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from shared.markets import Market
from shared.model.customer_fields import Fields


def template_of(fields: Fields, market: Market) -> Mapping[str, str | int | float | bool]:
    """Return the template of the billing address's country, in the back-end's own names."""
    address = fields.get("billing_address")
    country = address.get("country") if isinstance(address, dict) else None
    return market.customers.template(str(country) if country else None)
