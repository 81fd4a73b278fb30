"""A market map, and single markets cut from it."""

from __future__ import annotations

from typing import Any

from shared.markets import Market, MarketMap, parse_market_map

ENVIRONMENT = {"CTP_SECRET": "secret of commercetools", "BC_SECRET": "secret of Business Central"}

MARKET_MAP = """
schema: 1
projects:
  shop:
    api_url: https://api.example.com
    auth_url: https://auth.example.com
    client_id: connector
    client_secret: ${CTP_SECRET}
back_ends:
  bc:
    type: business_central
    url: https://bc.example.com/v2.0/tenant/production/api/v2.0
    tenant_id: tenant
    client_id: connector
    client_secret: ${BC_SECRET}
    scope: https://bc.example.com/.default
markets:
  - name: se
    project: shop
    stores: [se-b2c]
    back_end: bc
    company: company-se
    tax:
      - {country: SE, rate: 0.25, code: MOMS25}
      - {country: SE, rate: 0.12, code: MOMS12}
      - {country: SE, rate: 0.06, code: MOMS6}
    shipping:
      default: {as: account, number: "3520"}
    custom_lines:
      slugs:
        gift-wrap: {as: item, number: GIFTWRAP}
    totals:
      rounding: {as: account, number: "3740", tax_code: MOMS0}
      gross_bound: 5
      tax_bound: 2
    write_back: {channel: dynamics, type: order-export, field: erpOrderNo}
    modes: {orders: "on"}
  - name: eu
    project: shop
    countries: [DE, FR]
    back_end: bc
    company: company-eu
"""


def market_map() -> MarketMap:
    return parse_market_map(MARKET_MAP, "test", ENVIRONMENT)


def market(**changes: Any) -> Market:
    """The market `se`, with some options replaced."""
    return market_map().by_name["se"].model_copy(update=changes)


def map_with(changed: Market) -> MarketMap:
    """The map with another row in the place of `se`."""
    whole = market_map()
    return whole.model_copy(update={"markets": (changed, *whole.markets[1:])})
