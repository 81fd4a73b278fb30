"""Postal addresses, neutral to both sides."""

from pydantic import BaseModel, ConfigDict


class Address(BaseModel):
    """A postal address; `country` is ISO 3166-1 alpha-2, everything that may be missing is None."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    country: str
    id: str | None = None
    key: str | None = None
    external_id: str | None = None
    title: str | None = None
    salutation: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    department: str | None = None
    street: str | None = None
    number: str | None = None
    building: str | None = None
    apartment: str | None = None
    additional_street: str | None = None
    additional_address: str | None = None
    po_box: str | None = None
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None
    state: str | None = None
    phone: str | None = None
    mobile: str | None = None
    fax: str | None = None
    email: str | None = None

    @property
    def person(self) -> str:
        """First and last name, as far as they are known."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)

    @property
    def street_line(self) -> str:
        """Street and number, or the post-office box when there is no street."""
        return " ".join(part for part in (self.street, self.number) if part) or (self.po_box or "")

    @property
    def additional_lines(self) -> tuple[str, ...]:
        """What belongs below the street line, in the order in which it is written on an envelope."""
        candidates = (self.additional_street, self.building, self.apartment, self.additional_address)
        return tuple(line for line in candidates if line)
