"""Customers, neutral to both sides."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, JsonValue

from shared.model.address import Address


class Customer(BaseModel):
    """A registered customer with its addresses and the ids under which others know it."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    project: str
    id: str
    version: int
    email: str
    key: str | None = None
    number: str | None = None
    external_id: str | None = None
    title: str | None = None
    salutation: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    vat_id: str | None = None
    locale: str | None = None
    group: str | None = None
    addresses: tuple[Address, ...] = ()
    default_billing_address_id: str | None = None
    default_shipping_address_id: str | None = None
    stores: tuple[str, ...] = ()
    custom: Mapping[str, JsonValue] = {}

    @property
    def name(self) -> str:
        """The company, else the person, else the e-mail address."""
        person = " ".join(part for part in (self.first_name, self.middle_name, self.last_name) if part)
        return self.company or person or self.email

    @property
    def default_billing_address(self) -> Address | None:
        """The address that bills go to, if one is marked."""
        return self._address(self.default_billing_address_id)

    @property
    def default_shipping_address(self) -> Address | None:
        """The address that goods go to, if one is marked."""
        return self._address(self.default_shipping_address_id)

    def _address(self, address_id: str | None) -> Address | None:
        return next((address for address in self.addresses if address.id == address_id), None) if address_id else None
