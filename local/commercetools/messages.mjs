// Which messages a change produces and what they carry, as the API reference lists them.
import { clone } from "./common.mjs";
import { BUSINESS_UNIT_UPDATES, CUSTOMER_UPDATES, customFieldSet, customTypeSet } from "./customer_messages.mjs";

const message = (type, fields = {}) => [{ type, fields }];

const projection = (product) => {
  const { masterData, taxCategory, ...rest } = product;
  const { published, hasStagedChanges } = masterData;
  return { ...rest, ...masterData.current, taxCategory, published, hasStagedChanges };
};

const withoutPassword = ({ password, ...customer }) => customer;

const CREATED = {
  "business-unit": (businessUnit) => message("BusinessUnitCreated", { businessUnit }),
  category: (category) => message("CategoryCreated", { category }),
  customer: (customer) => message("CustomerCreated", { customer: withoutPassword(customer) }),
  "inventory-entry": (inventoryEntry) => message("InventoryEntryCreated", { inventoryEntry }),
  payment: (payment) => message("PaymentCreated", { payment }),
  product: (product) => message("ProductCreated", { productProjection: projection(product) }),
  "standalone-price": (standalonePrice) => message("StandalonePriceCreated", { standalonePrice }),
};

const DELETED = {
  "business-unit": () => message("BusinessUnitDeleted"),
  customer: ({ email }) => message("CustomerDeleted", { email }),
  "inventory-entry": ({ sku, supplyChannel }) => message("InventoryEntryDeleted", { sku, supplyChannel }),
  order: (order) => message("OrderDeleted", { order }),
  product: (product) => message("ProductDeleted", { removedImageUrls: [], currentProjection: projection(product) }),
  "standalone-price": ({ sku }) => message("StandalonePriceDeleted", { sku }),
};

/** A message that carries a field's new value and, where the reference has one, its old value. */
const fieldChanged = (type, field, { name = field, old } = {}) => (before, after) =>
  message(type, { [name]: after[field], ...(old ? { [old]: before[field] } : {}) });

const deliveries = (order) => [order.shippingInfo, ...(order.shipping ?? []).map((one) => one.shippingInfo)]
  .flatMap((info) => info?.deliveries ?? []);
const parcels = (order) => deliveries(order).flatMap((delivery) =>
  (delivery.parcels ?? []).map((parcel) => ({ delivery, parcel })));
const matches = (thing, id, key) => (id ? thing.id === id : key !== undefined && thing.key === key);
const deliveryOf = (order, action) => deliveries(order).find((one) => matches(one, action.deliveryId, action.deliveryKey));
const parcelOf = (order, action) => parcels(order).find(({ parcel }) => matches(parcel, action.parcelId, action.parcelKey));
const newest = (list) => list.at(-1);

const parcelChanged = (type, fields) => (before, after, action) => {
  const { delivery, parcel } = parcelOf(after, action);
  const old = parcelOf(before, action).parcel;
  return message(type, { deliveryId: delivery.id, parcelId: parcel.id, ...fields(parcel, old) });
};

const returnItems = (order) => (order.returnInfo ?? []).flatMap((info) => info.items);

const parcelAdded = (before, after, action) => {
  const delivery = deliveryOf(after, action);
  return message("ParcelAddedToDelivery", { delivery, parcel: newest(delivery.parcels) });
};

const parcelRemoved = (before, after, action) => {
  const { delivery, parcel } = parcelOf(before, action);
  return message("ParcelRemovedFromDelivery", { deliveryId: delivery.id, parcel });
};

const deliveryAdded = (before, after, { shippingKey }) => {
  const known = new Set(deliveries(before).map(({ id }) => id));
  const delivery = deliveries(after).find(({ id }) => !known.has(id));
  return message("DeliveryAdded", { delivery, shippingKey });
};

const deliveryItemsSet = (before, after, action) => {
  const { id, items } = deliveryOf(after, action);
  return message("DeliveryItemsUpdated", { deliveryId: id, items, oldItems: deliveryOf(before, action).items });
};

const deliveryAddressSet = (before, after, action) => {
  const { id, address } = deliveryOf(after, action);
  return message("DeliveryAddressSet", { deliveryId: id, address, oldAddress: deliveryOf(before, action).address });
};

const returnShipmentStateSet = (before, after, action) => {
  const item = returnItems(after).find((one) => matches(one, action.returnItemId, action.returnItemKey));
  return message("OrderReturnShipmentStateChanged", { returnItemId: item.id, returnShipmentState: item.shipmentState });
};

const paymentRemoved = (before, after, { payment }) =>
  message("OrderPaymentRemoved", { paymentRef: { typeId: "payment", id: payment.id }, removedPaymentInfo: !after.paymentInfo });

// The action may name states by key; the message names them by id, which the difference tells.
const shrunkState = (before, after) => {
  const left = new Map((after.state ?? []).map(({ state, quantity }) => [state.id, quantity]));
  return (before.state ?? []).find(({ state, quantity }) => (left.get(state.id) ?? 0) < quantity)?.state;
};

const lineItemStateMoved = (before, after, { lineItemId, lineItemKey, quantity }) => {
  const [old, line] = [before, after].map((order) => order.lineItems.find((one) => matches(one, lineItemId, lineItemKey)));
  const states = { fromState: shrunkState(old, line), toState: shrunkState(line, old) };
  const transitionDate = new Date().toISOString();
  return message("LineItemStateTransition", { lineItemId: line.id, transitionDate, quantity, ...states });
};

// No entry for setReturnPaymentState, setOrderNumber, updateSyncInfo: the API sends no message for them.
const ORDER_UPDATES = {
  addDelivery: deliveryAdded,
  addParcelToDelivery: parcelAdded,
  addPayment: (before, after) => message("OrderPaymentAdded", { paymentRef: newest(after.paymentInfo.payments) }),
  addReturnInfo: (before, after) => message("ReturnInfoAdded", { returnInfo: newest(after.returnInfo) }),
  changeOrderState: fieldChanged("OrderStateChanged", "orderState", { old: "oldOrderState" }),
  changePaymentState: fieldChanged("OrderPaymentStateChanged", "paymentState", { old: "oldPaymentState" }),
  changeShipmentState: fieldChanged("OrderShipmentStateChanged", "shipmentState", { old: "oldShipmentState" }),
  removeDelivery: (before, after, action) => message("DeliveryRemoved", { delivery: deliveryOf(before, action) }),
  removeParcelFromDelivery: parcelRemoved,
  removePayment: paymentRemoved,
  setBillingAddress: fieldChanged("OrderBillingAddressSet", "billingAddress", { name: "address", old: "oldAddress" }),
  setCustomField: customFieldSet("Order"),
  setCustomType: customTypeSet("Order"),
  setCustomerEmail: fieldChanged("OrderCustomerEmailSet", "customerEmail", { name: "email", old: "oldEmail" }),
  setDeliveryAddress: deliveryAddressSet,
  setDeliveryItems: deliveryItemsSet,
  setParcelItems: parcelChanged("ParcelItemsUpdated", ({ items }, old) => ({ items, oldItems: old.items ?? [] })),
  setParcelMeasurements: parcelChanged("ParcelMeasurementsUpdated", ({ measurements }) => ({ measurements })),
  setParcelTrackingData: parcelChanged("ParcelTrackingDataUpdated", ({ trackingData }) => ({ trackingData })),
  setPurchaseOrderNumber: fieldChanged("OrderPurchaseOrderNumberSet", "purchaseOrderNumber", { old: "oldPurchaseOrderNumber" }),
  setReturnInfo: fieldChanged("ReturnInfoSet", "returnInfo"),
  setReturnShipmentState: returnShipmentStateSet,
  setShippingAddress: fieldChanged("OrderShippingAddressSet", "shippingAddress", { name: "address", old: "oldAddress" }),
  setStore: fieldChanged("OrderStoreSet", "store"),
  transitionLineItemState: lineItemStateMoved,
};

const quantitySet = (before, after) => {
  const { sku, supplyChannel } = after;
  const outOfStock = after.quantityOnStock === 0 ? message("InventoryEntryOutOfStock", { sku, supplyChannel }) : [];
  return message("InventoryEntryQuantitySet", {
    oldQuantityOnStock: before.quantityOnStock,
    newQuantityOnStock: after.quantityOnStock,
    oldAvailableQuantity: before.availableQuantity,
    newAvailableQuantity: after.availableQuantity,
    sku,
    supplyChannel,
  }).concat(outOfStock);
};

const periodChanged = ({ validFrom: previousValidFrom, validUntil: previousValidUntil }, { validFrom, validUntil }) =>
  message("StandalonePriceValidFromAndUntilSet", { validFrom, previousValidFrom, validUntil, previousValidUntil });

const variantsWithPrices = ({ masterData: { staged } }) => [staged.masterVariant, ...staged.variants];
const variantIn = (product, { variantId, sku }) =>
  variantsWithPrices(product).find((one) => (variantId ? one.id === variantId : one.sku === sku));
const variantPricedBy = (product, priceId) =>
  variantsWithPrices(product).find(({ prices = [] }) => prices.some(({ id }) => id === priceId));
const priceIn = (product, priceId) => variantPricedBy(product, priceId).prices.find(({ id }) => id === priceId);

const PRODUCT_PRICE_UPDATES = {
  addPrice: (before, after, { staged = true, ...action }) => {
    const { id: variantId, prices } = variantIn(after, action);
    return message("ProductPriceAdded", { variantId, price: newest(prices), staged });
  },
  changePrice: (before, after, { priceId, staged = true }) => {
    const { id: variantId } = variantPricedBy(after, priceId);
    const [oldPrice, newPrice] = [before, after].map((product) => priceIn(product, priceId));
    return message("ProductPriceChanged", { variantId, oldPrice, newPrice, staged });
  },
  removePrice: (before, after, { priceId, staged = true }) => {
    const { id: variantId } = variantPricedBy(before, priceId);
    return message("ProductPriceRemoved", { variantId, price: priceIn(before, priceId), staged });
  },
  setPrices: (before, after, { staged = true, ...action }) => {
    const { id: variantId, prices } = variantIn(after, action);
    return message("ProductPricesSet", { variantId, prices, staged });
  },
};

const transactionStateChanged = (before, after, { transactionId, state }) =>
  message("PaymentTransactionStateChanged", { transactionId, state });

const UPDATES = {
  "business-unit": BUSINESS_UNIT_UPDATES,
  customer: CUSTOMER_UPDATES,
  "inventory-entry": { addQuantity: quantitySet, changeQuantity: quantitySet, removeQuantity: quantitySet },
  order: ORDER_UPDATES,
  payment: {
    addTransaction: (before, after) => message("PaymentTransactionAdded", { transaction: newest(after.transactions) }),
    changeTransactionState: transactionStateChanged,
    setInterfaceId: fieldChanged("PaymentInterfaceIdSet", "interfaceId", { old: "oldInterfaceId" }),
  },
  product: {
    publish: (before, after) =>
      message("ProductPublished", { removedImageUrls: [], productProjection: projection(after), scope: "All" }),
    unpublish: () => message("ProductUnpublished"),
    ...PRODUCT_PRICE_UPDATES,
  },
  "standalone-price": {
    changeActive: fieldChanged("StandalonePriceActiveChanged", "active", { old: "oldActive" }),
    changeValue: (before, after, { staged = false }) => {
      const [value, oldValue] = staged ? [after.staged.value, before.staged?.value] : [after.value, before.value];
      return message("StandalonePriceValueChanged", { value, staged, oldValue });
    },
    setDiscountedPrice: fieldChanged("StandalonePriceDiscountSet", "discounted"),
    setKey: fieldChanged("StandalonePriceKeySet", "key", { old: "oldKey" }),
    setPriceTiers: ({ tiers: previousTiers = [] }, { tiers }) => message("StandalonePriceTiersSet", { tiers, previousTiers }),
    setValidFrom: fieldChanged("StandalonePriceValidFromSet", "validFrom", { old: "previousValidFrom" }),
    setValidFromAndUntil: periodChanged,
    setValidUntil: fieldChanged("StandalonePriceValidUntilSet", "validUntil", { old: "previousValidUntil" }),
  },
};

/** Messages for a new resource; an order's birth is named by the endpoint that made it. */
export const createdMessages = (typeId, resource, path) => {
  if (typeId !== "order") return CREATED[typeId]?.(resource) ?? [];
  return message(path.endsWith("/orders/import") ? "OrderImported" : "OrderCreated", { order: resource });
};

export const deletedMessages = (typeId, resource) => DELETED[typeId]?.(resource) ?? [];

/** The actions of a type that produce messages: name -> (before, after, action) -> messages. */
export const updateMessages = (typeId) => UPDATES[typeId] ?? {};

// For a document seeded with ?message=TYPE: the fields a reader of that message would find.
const BODY_FIELDS = {
  BusinessUnitCreated: CREATED["business-unit"],
  CategoryCreated: CREATED.category,
  CustomerCreated: CREATED.customer,
  CustomerDeleted: DELETED.customer,
  CustomerEmailChanged: ({ email, oldEmail = email }) => message("", { email, oldEmail }),
  InventoryEntryCreated: CREATED["inventory-entry"],
  OrderCreated: (order) => message("", { order }),
  OrderCreatedFromRecurringOrder: (order) => message("", { order, recurringOrderRef: order.recurringOrder }),
  OrderDeleted: DELETED.order,
  OrderImported: (order) => message("", { order }),
  OrderPaymentStateChanged: ({ paymentState }) => message("", { paymentState }),
  OrderShipmentStateChanged: ({ shipmentState }) => message("", { shipmentState }),
  OrderStateChanged: ({ orderState, oldOrderState = "Open" }) => message("", { orderState, oldOrderState }),
  PaymentCreated: CREATED.payment,
  ProductCreated: CREATED.product,
  ProductPublished: (product) => message("", { removedImageUrls: [], productProjection: projection(product), scope: "All" }),
  StandalonePriceCreated: CREATED["standalone-price"],
};

export const seededMessage = (type, document) => {
  const fields = BODY_FIELDS[type]?.(document)[0].fields ?? {};
  return { type, fields: clone(fields) };
};
