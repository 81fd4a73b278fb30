"""Personal data out of what is kept."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping.business_central.fields import CUSTOMER_LIMITS, ORDER_LIMITS
from shared.telemetry.masking import MASK, mask_personal_data
from tests.fakes.unhurried import unhurried

# Countries say too little about a person to be worth hiding from who investigates a tax code.
NOT_PERSONAL = {"sellToCountry", "shipToCountry", "country"}
SECRET = "Somebody's own words"


@pytest.mark.parametrize("name", sorted({*ORDER_LIMITS, *CUSTOMER_LIMITS} - NOT_PERSONAL))
def test_every_text_about_a_person_that_goes_to_business_central_is_masked(name: str) -> None:
    assert mask_personal_data({name: SECRET}) == {name: MASK}


@pytest.mark.parametrize("name", ["email", "firstName", "lastName", "company", "streetName", "postalCode", "phone"])
def test_fields_of_commercetools_addresses_are_masked(name: str) -> None:
    assert mask_personal_data({name: SECRET}) == {name: MASK}


@pytest.mark.parametrize("name", ["number", "country", "quantity", "externalDocumentNumber", "sku", "description"])
def test_what_is_needed_to_find_out_what_happened_stays(name: str) -> None:
    assert mask_personal_data({name: "value"}) == {name: "value"}


def test_the_shape_stays_however_deep() -> None:
    value = {"lines": [{"shipToName": SECRET, "quantity": 2}], "sell_to": {"to be created": {"email": SECRET}}}
    assert mask_personal_data(value) == {
        "lines": [{"shipToName": MASK, "quantity": 2}],
        "sell_to": {"to be created": {"email": MASK}},
    }


def test_empty_values_stay_empty_so_that_one_sees_what_was_missing() -> None:
    assert mask_personal_data({"email": "", "phone": None}) == {"email": "", "phone": None}


@pytest.mark.parametrize("value", [[SECRET], (SECRET,), [[SECRET]]])
def test_a_list_of_personal_values_is_masked_value_by_value(value: Any) -> None:
    assert SECRET not in str(mask_personal_data({"email": value}))


trees = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@unhurried
@given(st.dictionaries(st.text(max_size=5), trees, max_size=4))
def test_what_is_masked_has_no_personal_field_left_to_mask(value: dict[str, Any]) -> None:
    masked = mask_personal_data({**value, "Email": SECRET})
    assert SECRET not in str(masked)
    assert mask_personal_data(masked) == masked
