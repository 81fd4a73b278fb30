// Inventory entries: update actions that the mock lacks or gets wrong, and what orders take out of them.
import { ApiError } from "./common.mjs";

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

const TAKING = new Set(["TrackOnly", "ReserveOnOrder"]);

const entryOf = async (storage, projectKey, { variant, supplyChannel }) => {
  const entries = await storage.ofSku(projectKey, "inventory-entry", variant.sku);
  return entries.find((entry) => entry.supplyChannel?.id === supplyChannel?.id);
};

const outOfStock = (lines) =>
  new ApiError(400, "OutOfStock", "Some line items are out of stock at the time of placing the order.", {
    lineItems: lines.map(({ id }) => id),
    skus: lines.map(({ variant }) => variant.sku),
  });

const isMissing = ({ entry, mode, wanted }) =>
  !entry || (mode === "ReserveOnOrder" && entry.availableQuantity < wanted && entry.restockableInDays === undefined);

/**
 * Take what an order needs out of stock. TrackOnly needs an entry, ReserveOnOrder enough in it, too. The version of an
 * entry rises, and no message tells of it.
 */
export const takeStock = async (storage, projectKey, { lineItems, inventoryMode = "None" }) => {
  const taken = new Map();
  const missing = [];
  for (const line of lineItems) {
    const mode = line.inventoryMode ?? inventoryMode;
    if (!TAKING.has(mode)) continue;
    const found = await entryOf(storage, projectKey, line);
    const entry = taken.get(found?.id) ?? found;
    if (isMissing({ entry, mode, wanted: line.quantity })) missing.push(line);
    else {
      moveStock(entry, -line.quantity);
      taken.set(entry.id, entry);
    }
  }
  if (missing.length > 0) throw outOfStock(missing);
  const lastModifiedAt = new Date().toISOString();
  for (const entry of taken.values()) {
    await storage.add(projectKey, "inventory-entry", { ...entry, version: entry.version + 1, lastModifiedAt });
  }
};
