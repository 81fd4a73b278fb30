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

const preciseMoney = ({ currencyCode, centAmount, preciseAmount, fractionDigits: digits }) => {
  const least = fractionDigits(currencyCode);
  if (!Number.isInteger(digits) || digits <= least || digits > 20) {
    throw invalidInput(`fractionDigits: expected ${least + 1} to 20 for ${currencyCode}, got '${digits}'.`);
  }
  const cents = centAmount ?? Math.round(preciseAmount / 10 ** (digits - least));
  return { type: "highPrecision", currencyCode, centAmount: cents, preciseAmount, fractionDigits: digits };
};

/** Give a money draft its type, and the currency's own number of digits unless it has more. */
export const typedMoney = (money) =>
  money.preciseAmount === undefined
    ? {
        type: "centPrecision",
        currencyCode: money.currencyCode,
        centAmount: money.centAmount,
        fractionDigits: fractionDigits(money.currencyCode),
      }
    : preciseMoney(money);

/** Resolve an identifier by id or key to a reference. */
export const referenceTo = async (storage, projectKey, { typeId, id, key }) => {
  const found = key ? await storage.getByKey(projectKey, typeId, key) : await storage.get(projectKey, typeId, id);
  if (found) return { typeId, id: found.id };
  const message = `The referenced object of type '${typeId}' with ${key ? `key '${key}'` : `identifier '${id}'`} was not found.`;
  throw new ApiError(400, "ReferencedResourceNotFound", message, { typeId, id, key });
};
