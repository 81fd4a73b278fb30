"""Definitions of what belongs to released products and is not in the published source: barcodes, names, prices.

Names, types and keys are those of the published service as public clients have them (SAP Cloud SDK for JavaScript,
Apache-2.0, generated from $metadata), `ProductconfigurationId` of agreements included; to be verified on a tenant.
"""

from collections.abc import Mapping

SOURCE = "names and keys as in published clients of the service; to be verified on a tenant"
DIMENSIONS = ("ProductConfigurationId", "ProductColorId", "ProductSizeId", "ProductStyleId", "ProductVersionId")
# Of variants besides their key and numbers.
VARIANT_TEXTS = ("ProductDescription", "ProductLifecycleStateId", "ProductSearchName", "SalesSalesTaxItemGroupCode")


def _texts(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "string")


# Entity set: name of its type, key, types by field.
SETS: Mapping[str, tuple[str, tuple[str, ...], Mapping[str, str]]] = {
    "ProductBarcodesV3": (
        "ProductBarcodeV3",
        ("dataAreaId", "ItemNumber", *DIMENSIONS, "ProductQuantityUnitSymbol", "BarcodeSetupId", "Barcode"),
        {
            **_texts("dataAreaId", "ItemNumber", *DIMENSIONS, "ProductQuantityUnitSymbol", "BarcodeSetupId", "Barcode"),
            **_texts("ProductDescription"),
            **dict.fromkeys(
                ("IsDefaultScannedBarcode", "IsDefaultDisplayedBarcode", "IsDefaultPrintedBarcode"), "NoYes"
            ),
            "ProductQuantity": "decimal",
        },
    ),
    "ProductTranslations": (
        "ProductTranslation",
        ("ProductNumber", "LanguageId"),
        _texts("ProductNumber", "LanguageId", "ProductName", "Description"),
    ),
    "SalesPriceAgreements": (
        "SalesPriceAgreement",
        ("dataAreaId", "RecordId"),
        {
            "RecordId": "int",
            **_texts("dataAreaId", "ItemNumber", "ProductNumber", "ProductconfigurationId", *DIMENSIONS[1:]),
            **_texts("PriceCustomerGroupCode", "CustomerAccountNumber", "PriceSiteId", "PriceWarehouseId"),
            **_texts("PriceCurrencyCode", "QuantityUnitySymbol", "AttributeBasedPricingId"),
            **_texts("PriceApplicableFromDate", "PriceApplicableToDate"),
            **dict.fromkeys(
                ("Price", "SalesPriceQuantity", "FixedPriceCharges", "FromQuantity", "ToQuantity"), "decimal"
            ),
            **dict.fromkeys(
                ("WillSearchContinue", "WillDeliveryDateControlDisregardLeadTime", "IsGenericCurrencySearchEnabled"),
                "NoYes",
            ),
            "SalesLeadTimeDays": "int:Signed32",
        },
    ),
    "Ledgers": (
        "Ledger",
        ("LegalEntityId",),
        _texts("LegalEntityId", "Name", "AccountingCurrency", "ReportingCurrency", "ExchangeRateType"),
    ),
}
