// Prices, on their own or in products: what the mock forgets of them, and scopes that only one of them may have.
import { ApiError, duplicateField, invalidInput, referenceTo, typedMoney } from "./common.mjs";

const MONEY_FIELDS = ["country", "validFrom", "validUntil"];

const tierFrom = ({ minimumQuantity, value }) => {
  if (!Number.isInteger(minimumQuantity) || minimumQuantity < 2) {
    throw invalidInput(`tiers.minimumQuantity: expected a whole number from 2, got '${minimumQuantity}'.`);
  }
  return { minimumQuantity, value: typedMoney(value) };
};

export const tiersFrom = (tiers = []) => {
  const quantities = tiers.map(({ minimumQuantity }) => minimumQuantity);
  if (new Set(quantities).size < quantities.length) throw invalidInput("tiers: minimumQuantity is given twice.");
  return tiers.map(tierFrom);
};

const customFrom = async (storage, projectKey, custom) => {
  if (!custom) return undefined;
  return { type: await referenceTo(storage, projectKey, { ...custom.type, typeId: "type" }), fields: custom.fields ?? {} };
};

/** The fields that a price has on its own and in a product. */
export const priceFields = async (storage, projectKey, draft) => {
  const { key, value, tiers, customerGroup, channel, discounted, custom } = draft;
  const reference = (identifier, typeId) => identifier && referenceTo(storage, projectKey, { ...identifier, typeId });
  const fields = {
    key,
    value: typedMoney(value),
    ...Object.fromEntries(MONEY_FIELDS.map((name) => [name, draft[name]])),
    customerGroup: await reference(customerGroup, "customer-group"),
    channel: await reference(channel, "channel"),
    discounted: discounted && { value: typedMoney(discounted.value), discount: discounted.discount },
    custom: await customFrom(storage, projectKey, custom),
  };
  if (tiers) fields.tiers = tiersFrom(tiers);
  checkPeriod(fields);
  return fields;
};

const checkPeriod = ({ validFrom, validUntil }) => {
  if (validFrom && validUntil && Date.parse(validFrom) >= Date.parse(validUntil)) {
    throw invalidInput(`validUntil: ${validUntil} is not after validFrom, ${validFrom}.`);
  }
};

const isBound = ({ validFrom, validUntil }) => validFrom !== undefined || validUntil !== undefined;
const start = ({ validFrom }) => (validFrom === undefined ? -Infinity : Date.parse(validFrom));
const end = ({ validUntil }) => (validUntil === undefined ? Infinity : Date.parse(validUntil));
const scope = ({ value, country, customerGroup, channel }) =>
  JSON.stringify([value.currencyCode, country, customerGroup?.id, channel?.id]);
const samePeriod = (one, other) => start(one) === start(other) && end(one) === end(other);
const overlap = (one, other) => isBound(one) && isBound(other) && start(one) < end(other) && start(other) < end(one);

const conflict = (code, price, other) => {
  const why = code.startsWith("Duplicate") ? "has the same scope" : "has the same scope and overlapping validity";
  const { sku, value, country, customerGroup, channel, validFrom, validUntil } = price;
  return new ApiError(400, code, `The StandalonePrice '${other.id}' ${why}.`, {
    conflictingStandalonePrice: { typeId: "standalone-price", id: other.id },
    ...{ sku, currency: value.currencyCode, country, customerGroup, channel, validFrom, validUntil },
  });
};

/** Refuse a second price for the same SKU, scope and time. */
export const checkStandaloneScope = async (storage, projectKey, price) => {
  for (const other of await storage.ofSku(projectKey, "standalone-price", price.sku)) {
    if (other.id === price.id || scope(other) !== scope(price)) continue;
    if (samePeriod(price, other)) throw conflict("DuplicateStandalonePriceScope", price, other);
    if (overlap(price, other)) throw conflict("OverlappingStandalonePriceValidity", price, other);
  }
};

/** Refuse two prices of one variant for the same scope and time. */
export const checkEmbeddedScopes = (prices = []) => {
  for (const [index, price] of prices.entries()) {
    const twin = prices.slice(0, index).find((other) =>
      scope(other) === scope(price) && (samePeriod(price, other) || overlap(price, other)));
    if (twin) {
      throw new ApiError(400, "DuplicatePriceScope", "Duplicate price scope.", { conflictingPrice: twin });
    }
  }
};

/** Complete a new StandalonePrice: the mock forgets its key, its tiers and references by key, and makes it inactive. */
export const prepareStandalonePrice = async (storage, { projectKey }, price, draft) => {
  Object.assign(price, await priceFields(storage, projectKey, draft), { active: draft.active ?? true });
  await checkStandaloneScope(storage, projectKey, price);
};

const setField = (...fields) => (context, price, action) => {
  for (const field of fields) price[field] = action[field];
};

const setPeriod = (storage, ...fields) => async ({ projectKey }, price, action) => {
  for (const field of fields) price[field] = action[field];
  checkPeriod(price);
  await checkStandaloneScope(storage, projectKey, price);
};

const removeTier = (context, price, { tierMinimumQuantity }) => {
  const tiers = price.tiers ?? [];
  const rest = tiers.filter(({ minimumQuantity }) => minimumQuantity !== tierMinimumQuantity);
  if (rest.length === tiers.length) throw invalidInput(`The price has no tier from quantity ${tierMinimumQuantity}.`);
  price.tiers = rest;
};

const changeValue = (context, price, { value, staged = false }) => {
  if (value.currencyCode !== price.value.currencyCode) throw invalidInput("value: the currency of a price cannot change.");
  if (staged) price.staged = { ...price.staged, value: typedMoney(value) };
  else price.value = typedMoney(value);
};

const setKey = (storage) => async ({ projectKey }, price, { key }) => {
  const [taken] = key === undefined ? [] : await storage.ofKey(projectKey, "standalone-price", key);
  if (taken && taken.id !== price.id) throw duplicateField("key", key);
  price.key = key;
};

/** Update actions of StandalonePrices that the mock lacks or gets wrong. */
export const priceActions = (storage) => ({
  addPriceTier: (context, price, { tier }) => {
    price.tiers = tiersFrom([...(price.tiers ?? []), tier]);
  },
  changeActive: setField("active"),
  changeValue,
  removePriceTier: removeTier,
  setKey: setKey(storage),
  setPriceTiers: (context, price, { tiers }) => {
    price.tiers = tiersFrom(tiers);
  },
  setValidFrom: setPeriod(storage, "validFrom"),
  setValidFromAndUntil: setPeriod(storage, "validFrom", "validUntil"),
  setValidUntil: setPeriod(storage, "validUntil"),
});
