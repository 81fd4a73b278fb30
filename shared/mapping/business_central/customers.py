"""Parties → Business Central customers."""

from __future__ import annotations

from shared.mapping.business_central.addresses import customer_address_texts
from shared.mapping.business_central.fields import CUSTOMER_LIMITS
from shared.mapping.fitting import fit
from shared.markets import Market
from shared.model.back_end import CustomerDraft, MissingReference, Party


def draft_customer(party: Party, market: Market) -> CustomerDraft | MissingReference:
    """Map a party. The number comes from Business Central's own series: manual numbers are refused by default."""
    texts = {
        "displayName": party.company or party.name,
        "email": party.email.lower() if party.email else None,  # its filters tell upper from lower case
        "phoneNumber": party.phone,
        "taxRegistrationNumber": party.vat_id.upper() if party.vat_id else None,  # stored so, and looked up so
        **(customer_address_texts(party.address) if party.address else {}),
    }
    fitted = fit(texts, CUSTOMER_LIMITS, market.order.cut)
    if isinstance(fitted, MissingReference):
        return fitted
    fields, cuts = fitted
    return CustomerDraft(party, {"type": "Company" if party.company else "Person", **fields}, cuts)
