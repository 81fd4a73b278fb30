// Update actions for inventory entries and standalone prices that the mock lacks or gets wrong.
import { invalidInput, typedMoney } from "./common.mjs";

const moveStock = (entry, difference) => {
  entry.quantityOnStock += difference;
  entry.availableQuantity += difference;
};

export const inventoryActions = (storage) => ({
  addQuantity: (context, entry, { quantity }) => moveStock(entry, quantity),
  // Reservations stay what they were: the available quantity moves by as much as the stock does.
  changeQuantity: (context, entry, { quantity }) => moveStock(entry, quantity - entry.quantityOnStock),
  // The API lets stock go below zero; the mock stops at zero.
  removeQuantity: (context, entry, { quantity }) => moveStock(entry, -quantity),
  setKey: (context, entry, { key }) => {
    entry.key = key;
  },
  setSupplyChannel: async ({ projectKey }, entry, { supplyChannel }) => {
    const channel = supplyChannel && (await storage.getByResourceIdentifier(projectKey, supplyChannel));
    entry.supplyChannel = channel ? { typeId: "channel", id: channel.id } : undefined;
  },
});

const tierFrom = ({ minimumQuantity, value }) => ({ minimumQuantity, value: typedMoney(value) });

const setField = (...fields) => (context, price, action) => {
  for (const field of fields) price[field] = action[field];
};

const removeTier = (context, price, { tierMinimumQuantity }) => {
  const tiers = price.tiers ?? [];
  const rest = tiers.filter(({ minimumQuantity }) => minimumQuantity !== tierMinimumQuantity);
  if (rest.length === tiers.length) throw invalidInput(`The price has no tier from quantity ${tierMinimumQuantity}.`);
  price.tiers = rest;
};

export const priceActions = () => ({
  addPriceTier: (context, price, { tier }) => {
    price.tiers = [...(price.tiers ?? []), tierFrom(tier)];
  },
  changeActive: setField("active"),
  removePriceTier: removeTier,
  setKey: setField("key"),
  setPriceTiers: (context, price, { tiers }) => {
    price.tiers = tiers.map(tierFrom);
  },
  setValidFrom: setField("validFrom"),
  setValidFromAndUntil: setField("validFrom", "validUntil"),
  setValidUntil: setField("validUntil"),
});
