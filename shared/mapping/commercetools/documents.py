"""Lenient read models of commercetools documents: unknown fields are ignored, enums are plain strings."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, NotRequired, TypedDict

from pydantic import BaseModel, ConfigDict, Field, JsonValue, with_config
from pydantic.alias_generators import to_camel

type LocalizedString = dict[str, str]
type NotNegative = Annotated[int, Field(ge=0)]


class _Document(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True, defer_build=True)


@with_config(ConfigDict(alias_generator=to_camel, extra="ignore"))
class MoneyDocument(TypedDict):
    """Money of any precision; a dictionary, because an order has dozens and a model takes twice as long to check."""

    currency_code: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    cent_amount: int
    type: NotRequired[str | None]
    fraction_digits: NotRequired[Annotated[int, Field(ge=0, le=20)] | None]
    precise_amount: NotRequired[int | None]


class ReferenceDocument(_Document):
    """A Reference (by id) or KeyReference (by key)."""

    id: str | None = None
    key: str | None = None


class SubRateDocument(_Document):
    """A part of a tax rate."""

    name: str = ""
    amount: Decimal


class TaxRateDocument(_Document):
    """A TaxRate; a negative one does not exist."""

    amount: Annotated[Decimal, Field(ge=0)]
    name: str = ""
    included_in_price: bool = False
    id: str | None = None
    country: str | None = None
    state: str | None = None
    sub_rates: tuple[SubRateDocument, ...] = ()


class TaxedDocument(_Document):
    """TaxedPrice or TaxedItemPrice; portions are not read because they need not add up."""

    total_net: MoneyDocument
    total_gross: MoneyDocument
    total_tax: MoneyDocument | None = None


class IncludedDiscountDocument(_Document):
    """One discount and what it takes off."""

    discount: ReferenceDocument = ReferenceDocument()
    discounted_amount: MoneyDocument


class DiscountedPriceDocument(_Document):
    """A price after discounts."""

    value: MoneyDocument
    included_discounts: tuple[IncludedDiscountDocument, ...] = ()


class DiscountedQuantityDocument(_Document):
    """The discounted price of a part of the quantity."""

    quantity: NotNegative
    discounted_price: DiscountedPriceDocument


class ProductDiscountDocument(_Document):
    """A price after a product discount."""

    value: MoneyDocument


class PriceDocument(_Document):
    """The price of a line item."""

    value: MoneyDocument
    discounted: ProductDiscountDocument | None = None


class CustomDocument(_Document):
    """Custom fields."""

    fields_: dict[str, JsonValue] = Field(default={}, alias="fields")


class MethodTaxRateDocument(_Document):
    """The tax rate for what goes with one shipping method."""

    shipping_method_key: str
    tax_rate: TaxRateDocument | None = None


class MethodTaxedDocument(_Document):
    """The taxed price of what goes with one shipping method."""

    shipping_method_key: str
    taxed_price: TaxedDocument | None = None


class TargetDocument(_Document):
    """How many of a line go where, and with which shipping method."""

    quantity: NotNegative
    shipping_method_key: str | None = None


class ShippingDetailsDocument(_Document):
    """Where the quantity of a line goes."""

    targets: tuple[TargetDocument, ...] = ()


class _LineDocument(_Document):
    id: str
    name: LocalizedString
    quantity: NotNegative
    total_price: MoneyDocument
    price_mode: str = "Platform"
    tax_rate: TaxRateDocument | None = None
    per_method_tax_rate: tuple[MethodTaxRateDocument, ...] = ()
    taxed_price: TaxedDocument | None = None
    taxed_price_portions: tuple[MethodTaxedDocument, ...] = ()
    discounted_price_per_quantity: tuple[DiscountedQuantityDocument, ...] = ()
    shipping_details: ShippingDetailsDocument | None = None
    custom: CustomDocument | None = None


class VariantDocument(_Document):
    """A product variant, as far as an order needs it."""

    sku: str | None = None


class LineItemDocument(_LineDocument):
    """A LineItem."""

    price: PriceDocument
    variant: VariantDocument = VariantDocument()
    product_id: str | None = None
    product_key: str | None = None
    line_item_mode: str = "Standard"
    supply_channel: ReferenceDocument | None = None


class CustomLineItemDocument(_LineDocument):
    """A CustomLineItem; its money may be negative."""

    money: MoneyDocument
    slug: str | None = None
    tax_category: ReferenceDocument | None = None


class ShippingInfoDocument(_Document):
    """ShippingInfo; `price` is before and `discounted_price` after shipping discounts."""

    shipping_method_name: str = ""
    price: MoneyDocument
    discounted_price: DiscountedPriceDocument | None = None
    tax_rate: TaxRateDocument | None = None
    taxed_price: TaxedDocument | None = None
    tax_category: ReferenceDocument | None = None
    shipping_method: ReferenceDocument | None = None


class AddressDocument(_Document):
    """A postal address."""

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
    street_name: str | None = None
    street_number: str | None = None
    building: str | None = None
    apartment: str | None = None
    additional_street_info: str | None = None
    additional_address_info: str | None = None
    po_box: str | None = Field(default=None, alias="pOBox")
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None
    state: str | None = None
    phone: str | None = None
    mobile: str | None = None
    fax: str | None = None
    email: str | None = None


class ShippingDocument(_Document):
    """One of several shippings (Multiple shipping mode)."""

    shipping_key: str
    shipping_info: ShippingInfoDocument | None = None
    shipping_address: AddressDocument | None = None


class TotalDiscountDocument(_Document):
    """DiscountOnTotalPrice."""

    discounted_amount: MoneyDocument
    included_discounts: tuple[IncludedDiscountDocument, ...] = ()


class SyncInfoDocument(_Document):
    """SyncInfo."""

    channel: ReferenceDocument
    external_id: str | None = None
    synced_at: datetime


class OrderDocument(_Document):
    """An Order, or a Cart (which has the same money shape but no number and no states)."""

    id: str
    version: int
    created_at: datetime
    completed_at: datetime | None = None
    order_number: str | None = None
    purchase_order_number: str | None = None
    customer_id: str | None = None
    customer_email: str | None = None
    customer_group: ReferenceDocument | None = None
    store: ReferenceDocument | None = None
    country: str | None = None
    locale: str | None = None
    line_items: tuple[LineItemDocument, ...]
    custom_line_items: tuple[CustomLineItemDocument, ...] = ()
    total_price: MoneyDocument
    taxed_price: TaxedDocument | None = None
    discount_on_total_price: TotalDiscountDocument | None = None
    tax_mode: str = "Platform"
    tax_rounding_mode: str = "HalfEven"
    price_rounding_mode: str = "HalfEven"
    tax_calculation_mode: str = "LineItemLevel"
    billing_address: AddressDocument | None = None
    shipping_address: AddressDocument | None = None
    item_shipping_addresses: tuple[AddressDocument, ...] = ()
    shipping_mode: str = "Single"
    shipping_info: ShippingInfoDocument | None = None
    shipping: tuple[ShippingDocument, ...] = ()
    order_state: str | None = None
    payment_state: str | None = None
    sync_info: tuple[SyncInfoDocument, ...] = ()
    custom: CustomDocument | None = None


class GroupAssignmentDocument(_Document):
    """Membership of a customer group."""

    customer_group: ReferenceDocument


class CustomerDocument(_Document):
    """A Customer."""

    id: str
    version: int
    email: str
    key: str | None = None
    customer_number: str | None = None
    external_id: str | None = None
    title: str | None = None
    salutation: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    company_name: str | None = None
    vat_id: str | None = None
    locale: str | None = None
    customer_group: ReferenceDocument | None = None
    customer_group_assignments: tuple[GroupAssignmentDocument, ...] = ()
    addresses: tuple[AddressDocument, ...] = ()
    default_billing_address_id: str | None = None
    default_shipping_address_id: str | None = None
    stores: tuple[ReferenceDocument, ...] = ()
    custom: CustomDocument | None = None
