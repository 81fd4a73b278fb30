"""Order or Cart document to canonical order, exact to the minor unit."""

from collections.abc import Sequence
from typing import Any

from shared.mapping.commercetools.addresses import optional_address, ship_tos
from shared.mapping.commercetools.allocation import (
    Target,
    discounted,
    discounted_before_tax,
    settled,
    total_discount_shares,
)
from shared.mapping.commercetools.components import Component, components_of
from shared.mapping.commercetools.documents import OrderDocument
from shared.mapping.commercetools.errors import UnmappableOrder, parsed
from shared.mapping.commercetools.identity import check_total
from shared.mapping.commercetools.lines import TotalDiscount, line_from, total_discount_of
from shared.mapping.commercetools.tax import Amounts
from shared.mapping.commercetools.terms import Terms, terms_of
from shared.model.order import CustomerRef, Order, SyncMark, Totals


def order_from_document(doc: dict[str, Any], project: str) -> Order:
    """Map an Order or Cart, or raise UnmappableOrder naming the component that is missing or does not add up."""
    document = parsed(OrderDocument, doc, UnmappableOrder)
    terms = terms_of(document)
    components = components_of(document, terms)
    discount = total_discount_of(document, terms)
    check_total(document, components, discount.units, terms)
    target = _target(document, terms)
    shares = total_discount_shares(components, discount.units, terms)
    amounts = _final_amounts(components, shares, target, discount, terms)
    return _order(document, project, terms, components, amounts, shares, discount)


def _target(order: OrderDocument, terms: Terms) -> Target | None:
    if order.taxed_price is None:
        return None
    net = terms.units(order.taxed_price.total_net, "taxedPrice.totalNet")
    gross = terms.units(order.taxed_price.total_gross, "taxedPrice.totalGross")
    if order.taxed_price.total_tax:
        tax = terms.units(order.taxed_price.total_tax, "taxedPrice.totalTax")
        if net + tax != gross:
            found = f"is {terms.of_units(tax)}, but gross less net is {terms.of_units(gross - net)}"
            raise UnmappableOrder("taxedPrice.totalTax", found)
    return Target(net, gross)


def _final_amounts(
    components: Sequence[Component], shares: Sequence[int], target: Target | None, discount: TotalDiscount, terms: Terms
) -> list[Amounts]:
    pairs = list(zip(components, shares, strict=True))
    if target is None:
        return [discounted(component, share, terms) for component, share in pairs]
    amounts = [discounted(component, share, terms) for component, share in pairs]
    if discount.units and terms.tax_mode.startswith("External"):
        unreduced = [discounted_before_tax(component, share) for component, share in pairs]
        amounts = min(amounts, unreduced, key=target.distance)
    return settled(components, amounts, target, terms, shared_out=bool(discount.units))


def _order(
    document: OrderDocument,
    project: str,
    terms: Terms,
    components: Sequence[Component],
    amounts: Sequence[Amounts],
    shares: Sequence[int],
    discount: TotalDiscount,
) -> Order:
    rows = zip(components, amounts, shares, strict=True)
    return Order(
        project=project,
        id=document.id,
        version=document.version,
        number=document.order_number,
        placed_at=document.completed_at or document.created_at,
        currency=terms.currency,
        store=document.store.key if document.store else None,
        country=document.country,
        locale=document.locale,
        customer=_customer(document),
        billing_address=optional_address(document.billing_address),
        shipping_addresses=ship_tos(document),
        purchase_order_number=document.purchase_order_number,
        lines=tuple(line_from(component, final, share, discount, terms) for component, final, share in rows),
        totals=_totals(amounts, terms),
        payment_state=document.payment_state,
        order_state=document.order_state,
        custom=document.custom.fields_ if document.custom else {},
        synced=tuple(_sync_marks(document)),
    )


def _totals(amounts: Sequence[Amounts], terms: Terms) -> Totals:
    net = sum(amount.net for amount in amounts)
    gross = sum(amount.gross for amount in amounts)
    return Totals(net=terms.of_units(net), tax=terms.of_units(gross - net), gross=terms.of_units(gross))


def _customer(document: OrderDocument) -> CustomerRef:
    return CustomerRef(
        id=document.customer_id,
        email=document.customer_email,
        group=document.customer_group.id if document.customer_group else None,
        anonymous=document.customer_id is None,
    )


def _sync_marks(document: OrderDocument) -> list[SyncMark]:
    return [
        SyncMark(
            channel=mark.channel.id or mark.channel.key or "", external_id=mark.external_id, synced_at=mark.synced_at
        )
        for mark in document.sync_info
    ]
