"""What people do in the systems by hand: sign up and edit in the shop, create and edit customers in each back-end."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from local.scenario import Row, Scenario
from local.stack import PROJECT

ADDRESS: Row = {
    "country": "DE",
    "city": "Berlin",
    "postalCode": "10115",
    "streetName": "Example Street",
    "streetNumber": "1",
    "phone": "+49 30 5550100",
}
PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store's customers are: one line for each back-end of the local market map.

    `fields` names phone, e-mail and number there; `needs` is what a new person needs besides.
    """

    name: str
    store: str | None
    url: str  # the setting that has it
    scope: str
    entity_set: str
    id: str
    fields: Mapping[str, str]
    needs: Mapping[str, Any]


PLACES: Mapping[str, Place] = {
    place.name: place
    for place in (
        Place(
            "business_central",
            None,
            "BC_URL",
            "https://api.businesscentral.dynamics.com/.default",
            "customers",
            "id",
            {"email": "email", "phone": "phoneNumber", "number": "number"},
            {"type": "Person", "displayName": "Example Customer"},
        ),
        Place(
            "dataverse",
            "trade",
            "DATAVERSE_URL",
            "https://example.crm4.dynamics.com/.default",
            "contacts",
            "contactid",
            {"email": "emailaddress1", "phone": "telephone1", "number": "contactid"},
            {"firstname": "Example", "lastname": "Customer"},
        ),
        Place(
            "finance",
            "outlet",
            "FINANCE_URL",
            "https://demo.operations.dynamics.com/.default",
            "CustomersV3",
            "CustomerAccount",
            {"email": "PrimaryContactEmail", "phone": "PrimaryContactPhone", "number": "CustomerAccount"},
            {
                "dataAreaId": "demf",
                "PartyType": "Person",
                "PersonFirstName": "Example",
                "PersonLastName": "Customer",
                "CustomerGroupId": "ONLINE",
            },
        ),
    )
}


@dataclass(frozen=True, slots=True)
class BackOffice:
    """Somebody who works in one back-end, through the same API as everybody."""

    scenario: Scenario
    place: Place

    def create(self, **values: str) -> Row:
        """Create a person; values are named as in `Place.fields`."""
        return self._send("POST", self._collection, {**self.place.needs, **self._spelled(values)})

    def change(self, record_id: str, **values: str) -> None:
        """Change a customer."""
        self._send("PATCH", self._one(record_id), self._spelled(values))

    def find(self, email: str) -> list[Row]:
        """List the customers with an e-mail, past the API and its limits."""
        return [row for row in self.rows() if row[self.place.fields["email"]] == email]

    def rows(self, entity_set: str = "") -> list[Row]:
        """List everything in an entity set, customers unless said."""
        url = str(self.scenario.stack[self.place.name]["url"]).rstrip("/")
        found = httpx.get(f"{url}/__state/{entity_set or self.place.entity_set}").raise_for_status().json()
        rows: list[Row] = found["value"]
        return rows

    def value(self, row: Row, name: str) -> str:
        """Return one of the fields that `Place.fields` names."""
        return str(row[self.place.fields[name]])

    def _spelled(self, values: Mapping[str, str]) -> Row:
        return {self.place.fields[name]: value for name, value in values.items()}

    @property
    def _collection(self) -> str:
        environment = self.scenario.env
        company = f"companies({environment['BC_COMPANY']})/" if self.place.name == "business_central" else ""
        return f"{environment[self.place.url]}/{company}{self.place.entity_set}"

    def _one(self, record_id: str) -> str:
        if self.place.name == "finance":
            return f"{self._collection}(dataAreaId='demf',CustomerAccount='{record_id}')?cross-company=true"
        return f"{self._collection}({record_id})"

    def _send(self, method: str, url: str, body: Row) -> Row:
        headers = {"Authorization": f"Bearer {self._token()}", "Prefer": "return=representation"}
        headers |= {"If-Match": "*"} if method == "PATCH" else {}
        answer = httpx.request(method, url, json=body, headers=headers, timeout=30)
        if answer.is_error:
            raise AssertionError(f"{method} {url}: {answer.status_code} {answer.text}")
        row: Row = answer.json() if answer.content else {}
        return row

    def _token(self) -> str:
        environment = self.scenario.env
        form = {
            "grant_type": "client_credentials",
            "client_id": environment["BC_CLIENT_ID"],
            "client_secret": environment["BC_CLIENT_SECRET"],
            "scope": self.place.scope,
        }
        url = f"{environment['BC_AUTHORITY']}/{environment['BC_TENANT']}/oauth2/v2.0/token"
        trusted = ssl.create_default_context(cafile=environment["OAUTH_CA_FILE"])
        answer = httpx.post(url, data=form, verify=trusted).raise_for_status()
        return str(answer.json()["access_token"])


@dataclass(frozen=True, slots=True)
class Shop:
    """Shoppers and Merchant Center users."""

    scenario: Scenario

    def sign_up(self, email: str, store: str | None = None) -> Row:
        """Create an account with a default address; returns the customer."""
        stores = {"stores": [{"typeId": "store", "key": store}]} if store else {}
        draft = {
            "email": email,
            "password": PASSWORD,
            "firstName": "Example",
            "lastName": "Customer",
            "addresses": [ADDRESS],
            "defaultBillingAddress": 0,
            **stores,
        }
        customer: Row = self.send("POST", "customers", draft)["customer"]
        return customer

    def change(self, resource: Row, *actions: Row, path: str = "customers") -> Row:
        """Update a resource as it was read."""
        body = {"version": resource["version"], "actions": list(actions)}
        return self.send("POST", f"{path}/{resource['id']}", body)

    def find(self, email: str) -> Sequence[Row]:
        """List the accounts with an e-mail."""
        found: Sequence[Row] = self.send("GET", "customers", None, where=f'email="{email}"')["results"]
        return found

    def send(self, method: str, path: str, body: Row | None, **query: str) -> Row:
        """Send a request as somebody who may do everything in the project."""
        with httpx.Client(base_url=f"{self.scenario.shop}/{PROJECT}/", headers=self.scenario.sign_in()) as client:
            answer = client.request(method, path, json=body, params=query, timeout=30)
        if answer.is_error:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}")
        row: Row = answer.json()
        return row


def new_phone(customer: Row, phone: str) -> Row:
    """Return the action that changes the phone number of a customer's default address."""
    address = next(one for one in customer["addresses"] if one["id"] == customer["defaultBillingAddressId"])
    return {"action": "changeAddress", "addressId": address["id"], "address": {**address, "phone": phone}}


def phone_of(customer: Row) -> str | None:
    """Return the phone number of a customer's default address."""
    default = customer.get("defaultBillingAddressId")
    return next((one.get("phone") for one in customer["addresses"] if one["id"] == default), None)
