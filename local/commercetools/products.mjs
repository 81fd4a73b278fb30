// Products: update actions that the mock lacks or gets wrong, SKUs that are taken, attributes that do not fit.
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { ApiError, clone, duplicateField, invalidInput, invalidOperation } from "./common.mjs";
import { checkEmbeddedScopes, priceFields } from "./prices.mjs";

const KEY = /^[A-Za-z0-9_-]{2,256}$/;
const variantsOf = ({ masterVariant, variants }) => [masterVariant, ...variants];

// With staged: false the current product changes, too; the default is to stage.
const change = (product, { staged = true }, apply) => {
  const { masterData } = product;
  for (const data of staged ? [masterData.staged] : [masterData.staged, masterData.current]) apply(data);
  masterData.hasStagedChanges = !isDeepStrictEqual(clone(masterData.staged), clone(masterData.current));
};

const variantOf = (data, { variantId, sku }) => {
  const variant = variantsOf(data).find((one) => (variantId ? one.id === variantId : one.sku === sku));
  if (variant) return variant;
  throw invalidOperation(`The product has no variant with ${variantId ? `id '${variantId}'` : `sku '${sku}'`}.`);
};

const variantWithPrice = (data, priceId) => {
  const variant = variantsOf(data).find(({ prices = [] }) => prices.some(({ id }) => id === priceId));
  if (variant) return variant;
  throw invalidOperation(`The product has no price with id '${priceId}'.`);
};

const checkSkus = async (storage, projectKey, product) => {
  const { staged, current } = product.masterData;
  for (const data of [staged, current]) {
    const skus = variantsOf(data).map(({ sku }) => sku).filter((sku) => sku !== undefined);
    const twice = skus.find((sku, index) => skus.indexOf(sku) !== index);
    if (twice !== undefined) throw duplicateField("sku", twice);
    for (const sku of skus) {
      const others = (await storage.ofSku(projectKey, "product", sku)).filter(({ id }) => id !== product.id);
      if (others.length > 0) throw duplicateField("sku", sku);
    }
  }
};

const definitionsOf = async (storage, projectKey, { productType }) => {
  const type = await storage.get(projectKey, "product-type", productType.id);
  return new Map((type?.attributes ?? []).map((definition) => [definition.name, definition]));
};

const isLocalised = (value) =>
  value !== null && typeof value === "object" && Object.values(value).every((text) => typeof text === "string");

const FITS = {
  boolean: (value) => typeof value === "boolean",
  date: (value) => /^\d{4}-\d\d-\d\d$/.test(value),
  datetime: (value) => typeof value === "string" && !Number.isNaN(Date.parse(value)),
  enum: (value, { values }) => values.some(({ key }) => key === (value.key ?? value)),
  lenum: (value, { values }) => values.some(({ key }) => key === (value.key ?? value)),
  ltext: isLocalised,
  number: (value) => typeof value === "number",
  text: (value) => typeof value === "string",
};

/** Check a value; enumerations are shown as their key and label whichever way they are given. */
const fitted = (definitions, name, value) => {
  const definition = definitions.get(name);
  if (!definition) throw invalidOperation(`The product type has no attribute '${name}'.`);
  if (value === undefined || value === null) return undefined;
  const { type } = definition;
  if (!(FITS[type.name]?.(value, type) ?? true)) {
    const details = { field: name, invalidValue: value };
    throw new ApiError(400, "InvalidField", `The value '${JSON.stringify(value)}' is not valid for field '${name}'.`, details);
  }
  return type.values ? type.values.find(({ key }) => key === (value.key ?? value)) : value;
};

const withAttribute = (attributes = [], name, value) => {
  const place = attributes.findIndex((one) => one.name === name);
  if (value === undefined) return attributes.filter((one) => one.name !== name);
  return place < 0 ? [...attributes, { name, value }] : attributes.with(place, { name, value });
};

const checkLevel = (definition, level) => {
  if (definition && (definition.level ?? "Variant") !== level) {
    throw invalidOperation(`The attribute '${definition.name}' is one of level ${definition.level ?? "Variant"}.`);
  }
};

const priceFrom = async (storage, { projectKey }, draft) => ({ id: randomUUID(), ...(await priceFields(storage, projectKey, draft)) });

const setPrices = (variant, prices) => {
  checkEmbeddedScopes(prices);
  variant.prices = prices;
};

/** Check a new product and add what the mock leaves out of it. */
export const prepareProduct = async (storage, { projectKey }, product, draft) => {
  if (draft.key !== undefined && !KEY.test(draft.key)) throw invalidInput(`key: '${draft.key}' does not match ${KEY.source}.`);
  if (!draft.slug || Object.values(draft.slug).some((slug) => !KEY.test(slug))) throw invalidInput("slug: malformed or missing.");
  await checkSkus(storage, projectKey, product);
  const definitions = await definitionsOf(storage, projectKey, product);
  for (const variant of variantsOf(product.masterData.staged)) {
    variant.attributes = variant.attributes.map(({ name, value }) => ({ name, value: fitted(definitions, name, value) }));
    variant.prices ??= [];
    checkEmbeddedScopes(variant.prices);
  }
  product.masterData.current = clone(product.masterData.staged);
  product.priceMode = draft.priceMode ?? "Embedded";
};

const attributeActions = (storage) => ({
  setAttribute: async ({ projectKey }, product, action) => {
    const definitions = await definitionsOf(storage, projectKey, product);
    const value = fitted(definitions, action.name, action.value);
    const definition = definitions.get(action.name);
    checkLevel(definition, "Variant");
    if (definition.attributeConstraint === "SameForAll" && variantsOf(product.masterData.staged).length > 1) {
      throw invalidOperation(`The attribute '${action.name}' is the same for all variants: use setAttributeInAllVariants.`);
    }
    change(product, action, (data) => {
      const variant = variantOf(data, action);
      variant.attributes = withAttribute(variant.attributes, action.name, value);
    });
  },
  setAttributeInAllVariants: async ({ projectKey }, product, action) => {
    const definitions = await definitionsOf(storage, projectKey, product);
    const value = fitted(definitions, action.name, action.value);
    checkLevel(definitions.get(action.name), "Variant");
    change(product, action, (data) => {
      for (const variant of variantsOf(data)) variant.attributes = withAttribute(variant.attributes, action.name, value);
    });
  },
  setProductAttribute: async ({ projectKey }, product, action) => {
    const definitions = await definitionsOf(storage, projectKey, product);
    const value = fitted(definitions, action.name, action.value);
    checkLevel(definitions.get(action.name), "Product");
    change(product, action, (data) => {
      data.attributes = withAttribute(data.attributes, action.name, value);
    });
  },
});

const priceActions = (storage) => ({
  addPrice: async (context, product, action) => {
    const price = await priceFrom(storage, context, action.price);
    change(product, action, (data) => {
      const variant = variantOf(data, action);
      setPrices(variant, [...(variant.prices ?? []), price]);
    });
  },
  // Nothing of the old price is left but its id.
  changePrice: async (context, product, action) => {
    const price = { ...(await priceFrom(storage, context, action.price)), id: action.priceId };
    change(product, action, (data) => {
      const variant = variantWithPrice(data, action.priceId);
      setPrices(variant, variant.prices.map((one) => (one.id === action.priceId ? price : one)));
    });
  },
  setPrices: async (context, product, action) => {
    const prices = await Promise.all(action.prices.map((draft) => priceFrom(storage, context, draft)));
    change(product, action, (data) => setPrices(variantOf(data, action), prices));
  },
});

/** Update actions of products that the mock lacks or gets wrong. */
export const productActions = (storage) => ({
  ...attributeActions(storage),
  ...priceActions(storage),
  setPriceMode: (context, product, { priceMode }) => {
    if (!["Embedded", "Standalone"].includes(priceMode)) throw invalidInput(`priceMode: '${priceMode}' is neither Embedded nor Standalone.`);
    product.priceMode = priceMode;
  },
  setProductVariantKey: (context, product, action) =>
    change(product, action, (data) => {
      variantOf(data, action).key = action.key;
    }),
  setSku: async ({ projectKey }, product, action) => {
    change(product, action, (data) => {
      variantOf(data, action).sku = action.sku;
    });
    await checkSkus(storage, projectKey, product);
  },
});

/** Let product-projections know `staged` and `withTotal`, which the mock takes as texts. */
export const extendProjections = (repository) => {
  const query = repository.query.bind(repository);
  repository.query = async (context, parameters) => {
    const page = await query(context, { ...parameters, staged: String(parameters.staged) === "true" });
    if (parameters.withTotal === "false") delete page.total;
    return page;
  };
};
