// What is checked and corrected when a resource is first stored.
import { currentRequest, duplicateField, typedMoney } from "./common.mjs";
import { checkEnums } from "./enums.mjs";
import { prepareBusinessUnit, prepareCustomer } from "./customers.mjs";
import { checkOrderNumber } from "./orders.mjs";
import { prepareStandalonePrice } from "./prices.mjs";
import { prepareProduct } from "./products.mjs";
import { takeStock } from "./stock.mjs";

const IMPORTED_FIELDS = [
  "completedAt",
  "country",
  "inventoryMode",
  "paymentInfo",
  "priceRoundingMode",
  "purchaseOrderNumber",
  "shipmentState",
  "taxCalculationMode",
  "taxRoundingMode",
];

// The mock forgets the keys of these.
const KEY_IN_DRAFT = new Set(["inventory-entry", "standalone-price"]);

const taxedPriceFrom = ({ totalNet, totalGross, taxPortions }) => {
  const totalTax = { currencyCode: totalGross.currencyCode, centAmount: totalGross.centAmount - totalNet.centAmount };
  return {
    totalNet: typedMoney(totalNet),
    totalGross: typedMoney(totalGross),
    totalTax: typedMoney(totalTax),
    taxPortions: taxPortions.map((portion) => ({ ...portion, amount: typedMoney(portion.amount) })),
  };
};

const shippingInfoFrom = ({ price, shippingRate, deliveries, ...rest }) => ({
  shippingMethodState: "MatchesCart",
  ...rest,
  price: typedMoney(price),
  shippingRate: { tiers: [], ...shippingRate, price: typedMoney(shippingRate.price) },
  deliveries: [],
});

// The mock's import forgets some of what it is given and computes the taxes anew.
const completeImport = (order, draft) => {
  for (const field of IMPORTED_FIELDS.filter((name) => draft[name] !== undefined)) order[field] = draft[field];
  draft.lineItems?.forEach(({ supplyChannel }, index) => {
    if (supplyChannel) order.lineItems[index].supplyChannel = supplyChannel;
  });
  if (draft.taxedPrice) order.taxedPrice = taxedPriceFrom(draft.taxedPrice);
  if (draft.shippingInfo) order.shippingInfo ??= shippingInfoFrom(draft.shippingInfo);
};

// From a cart the mock forgets the states, the custom lines and that an order need not have a number.
const completeFromCart = async (storage, projectKey, order, draft) => {
  const cart = await storage.get(projectKey, "cart", draft.cart.id);
  const { orderNumber, orderState = "Open", paymentState, shipmentState, purchaseOrderNumber } = draft;
  Object.assign(order, { orderNumber, orderState, paymentState, shipmentState });
  order.customLineItems = cart.customLineItems ?? [];
  order.purchaseOrderNumber = purchaseOrderNumber ?? order.purchaseOrderNumber;
  order.inventoryMode = cart.inventoryMode;
  await storage.add(projectKey, "cart", { ...cart, cartState: "Ordered", version: cart.version + 1 });
};

const prepareOrder = async (storage, { projectKey }, order) => {
  const { body = {}, path = "" } = currentRequest.getStore() ?? {};
  checkEnums(body, "");
  if (body.orderNumber !== undefined) await checkOrderNumber(storage, projectKey, body.orderNumber);
  if (path.endsWith("/orders/import")) completeImport(order, body);
  else if (body.cart) await completeFromCart(storage, projectKey, order, body);
  await takeStock(storage, projectKey, order);
};

const checkOneEntryPerChannel = async (storage, { projectKey }, { sku, supplyChannel }) => {
  const entries = await storage.ofSku(projectKey, "inventory-entry", sku);
  const twin = entries.find((entry) => entry.supplyChannel?.id === supplyChannel?.id);
  if (twin) throw duplicateField("sku", sku);
};

const checkUnique = async (storage, projectKey, typeId, resource, field) => {
  if (resource[field] === undefined) return;
  const all = field === "key" ? await storage.ofKey(projectKey, typeId, resource.key) : await storage.all(projectKey, typeId);
  const twin = all.find((one) => one[field] === resource[field] && one.id !== resource.id);
  if (twin) throw duplicateField(field, resource[field]);
};

/** Refuse duplicates as the API does, and complete what the mock leaves out. */
export const prepareNew = async (storage, context, typeId, resource) => {
  const { body = {} } = currentRequest.getStore() ?? {};
  if (KEY_IN_DRAFT.has(typeId)) resource.key = body.key;
  // A custom object's key is unique in its container only, and writing it again is an update.
  if (typeId !== "key-value-document") await checkUnique(storage, context.projectKey, typeId, resource, "key");
  if (typeId === "customer") await checkUnique(storage, context.projectKey, typeId, resource, "customerNumber");
  if (typeId === "customer") await prepareCustomer(storage, context, resource);
  if (typeId === "business-unit") await prepareBusinessUnit(storage, context, resource);
  if (typeId === "inventory-entry") await checkOneEntryPerChannel(storage, context, resource);
  if (typeId === "order") await prepareOrder(storage, context, resource);
  if (typeId === "product") await prepareProduct(storage, context, resource, body);
  if (typeId === "standalone-price") await prepareStandalonePrice(storage, context, resource, body);
};
