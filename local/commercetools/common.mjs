// What every module of the stand-in needs: the request in progress, errors in the API's shape, names of resources.
import { AsyncLocalStorage } from "node:async_hooks";

/** The request being worked on: {method, path, query, body, events}. Undefined outside an API request. */
export const currentRequest = new AsyncLocalStorage();

/** An error that leaves as {statusCode, message, errors: [{code, message, ...}]}. */
export class ApiError extends Error {
  constructor(statusCode, code, message, details = {}) {
    super(message);
    this.statusCode = statusCode;
    this.info = { code, message, ...details };
    this.errors = [];
  }
}

export const invalidInput = (message) => new ApiError(400, "InvalidInput", message);
export const invalidOperation = (message) => new ApiError(400, "InvalidOperation", message);
export const invalidJson = (detail) =>
  new ApiError(400, "InvalidJsonInput", "Request body does not contain valid JSON.", { detailedErrorMessage: detail });
export const duplicateField = (field, value) =>
  new ApiError(400, "DuplicateField", `A duplicate value '"${value}"' exists for field '${field}'.`, {
    field,
    duplicateValue: value,
  });
export const notFound = (what) => new ApiError(404, "ResourceNotFound", `The Resource with ${what} was not found.`);
export const staleVersion = (id, expected, currentVersion) =>
  new ApiError(
    409,
    "ConcurrentModification",
    `Object ${id} has a different version than expected. Expected: ${expected} - Actual: ${currentVersion}.`,
    { currentVersion },
  );

/** Type ids and the path segment that serves each. */
export const COLLECTIONS = {
  "associate-role": "associate-roles",
  "business-unit": "business-units",
  cart: "carts",
  category: "categories",
  channel: "channels",
  customer: "customers",
  "customer-group": "customer-groups",
  "inventory-entry": "inventory",
  "key-value-document": "custom-objects",
  order: "orders",
  payment: "payments",
  product: "products",
  "product-type": "product-types",
  "shipping-method": "shipping-methods",
  "standalone-price": "standalone-prices",
  state: "states",
  store: "stores",
  subscription: "subscriptions",
  "tax-category": "tax-categories",
  type: "types",
  zone: "zones",
};

export const clone = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

export const sleep = (milliseconds) =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

const fractionDigits = (currencyCode) =>
  new Intl.NumberFormat("en", { style: "currency", currency: currencyCode }).resolvedOptions().maximumFractionDigits;

/** Give a money draft the type and the currency's own number of digits. */
export const typedMoney = (money) => ({
  type: "centPrecision",
  currencyCode: money.currencyCode,
  centAmount: money.centAmount,
  fractionDigits: fractionDigits(money.currencyCode),
});
