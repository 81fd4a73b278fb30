// Order update actions that the mock lacks or gets wrong.
import { randomUUID } from "node:crypto";
import { duplicateField, invalidInput, invalidOperation } from "./common.mjs";

const SYNC_ROLES = ["OrderExport", "OrderImport"];
const RETURN_MOVES = new Set(["BackInStock", "Unusable"]);
const FIRST_RETURN_PAYMENT_STATE = { Advised: "NonRefundable", Returned: "Initial" };

const matches = (thing, id, key) => (id ? thing.id === id : key !== undefined && thing.key === key);

const found = (list, id, key, what) => {
  const thing = list.find((one) => matches(one, id, key));
  if (!thing) throw invalidInput(`The order has no ${what} with ${id ? `id '${id}'` : `key '${key}'`}.`);
  return thing;
};

const created = () => ({ id: randomUUID(), createdAt: new Date().toISOString() });

const shippingInfos = (order) =>
  [order.shippingInfo, ...(order.shipping ?? []).map((one) => one.shippingInfo)].filter(Boolean);

const deliveries = (order) => shippingInfos(order).flatMap((info) => info.deliveries ?? []);
const findDelivery = (order, { deliveryId, deliveryKey }) => found(deliveries(order), deliveryId, deliveryKey, "delivery");
const allParcels = (order) => deliveries(order).flatMap((delivery) => delivery.parcels ?? []);
const findParcel = (order, { parcelId, parcelKey }) => found(allParcels(order), parcelId, parcelKey, "parcel");
const allReturnItems = (order) => (order.returnInfo ?? []).flatMap((info) => info.items);
const findReturnItem = (order, { returnItemId, returnItemKey }) =>
  found(allReturnItems(order), returnItemId, returnItemKey, "return item");

const infoForDelivery = (order, shippingKey) => {
  if (order.shippingMode !== "Multiple") {
    if (!order.shippingInfo) throw invalidOperation("The order has no shippingInfo to add a delivery to.");
    return order.shippingInfo;
  }
  const shipping = (order.shipping ?? []).find((one) => one.shippingKey === shippingKey);
  if (!shipping) throw invalidInput(`The order has no shipping with shippingKey '${shippingKey}'.`);
  return shipping.shippingInfo;
};

const checkNewKeys = (existing, drafts, field) => {
  const known = new Set(existing.map(({ key }) => key));
  for (const { key } of drafts) {
    if (key !== undefined && known.has(key)) throw duplicateField(field, key);
    known.add(key);
  }
};

const withCustom = (draft, custom) => ({ ...created(), ...draft, ...(custom ? { custom } : {}) });

export const orderActions = (storage) => {
  const customFields = async ({ projectKey }, draft) => {
    if (!draft) return undefined;
    const type = await storage.getByResourceIdentifier(projectKey, { ...draft.type, typeId: "type" });
    return { type: { typeId: "type", id: type.id }, fields: draft.fields ?? {} };
  };

  const parcelFrom = async (context, { custom, ...draft }) => withCustom(draft, await customFields(context, custom));

  const addDelivery = async (context, order, action) => {
    const { deliveryKey: key, shippingKey, items = [], parcels = [], address, custom } = action;
    const info = infoForDelivery(order, shippingKey);
    checkNewKeys(deliveries(order), [{ key }], "deliveryKey");
    checkNewKeys(allParcels(order), parcels, "key");
    const made = await Promise.all(parcels.map((parcel) => parcelFrom(context, parcel)));
    const delivery = withCustom({ key, items, parcels: made, address }, await customFields(context, custom));
    info.deliveries = [...(info.deliveries ?? []), delivery];
  };

  const addParcelToDelivery = async (context, order, action) => {
    const { parcelKey: key, measurements, trackingData, items, custom } = action;
    const delivery = findDelivery(order, action);
    checkNewKeys(allParcels(order), [{ key }], "parcelKey");
    const parcel = await parcelFrom(context, { key, measurements, trackingData, items, custom });
    delivery.parcels = [...(delivery.parcels ?? []), parcel];
  };

  const removeDelivery = (context, order, action) => {
    const { id } = findDelivery(order, action);
    for (const info of shippingInfos(order)) info.deliveries = info.deliveries?.filter((one) => one.id !== id);
  };

  const removeParcelFromDelivery = (context, order, action) => {
    const { id } = findParcel(order, action);
    for (const delivery of deliveries(order)) delivery.parcels = delivery.parcels?.filter((one) => one.id !== id);
  };

  const returnItemFrom = async (context, order, draft) => {
    const { key, quantity, lineItemId, customLineItemId, comment, shipmentState = "Advised", custom } = draft;
    const paymentState = FIRST_RETURN_PAYMENT_STATE[shipmentState];
    if (!paymentState) throw invalidInput(`A return item starts as Advised or Returned, not '${shipmentState}'.`);
    const line = customLineItemId ? { customLineItemId } : { lineItemId };
    const lines = customLineItemId ? order.customLineItems : order.lineItems;
    found(lines ?? [], customLineItemId ?? lineItemId, undefined, "line item");
    const now = new Date().toISOString();
    const type = customLineItemId ? "CustomLineItemReturnItem" : "LineItemReturnItem";
    const item = { type, key, quantity, ...line, comment, shipmentState, paymentState, lastModifiedAt: now };
    return withCustom(item, await customFields(context, custom));
  };

  const returnInfoFrom = async (context, order, { items, returnTrackingId, returnDate }) => {
    if (!items?.length) throw invalidInput("A return needs at least one item.");
    const made = await Promise.all(items.map((item) => returnItemFrom(context, order, item)));
    return { items: made, returnTrackingId, returnDate };
  };

  const addReturnInfo = async (context, order, action) => {
    checkNewKeys(allReturnItems(order), action.items ?? [], "key");
    order.returnInfo = [...(order.returnInfo ?? []), await returnInfoFrom(context, order, action)];
  };

  const setReturnInfo = async (context, order, { items = [] }) => {
    order.returnInfo = await Promise.all(items.map((info) => returnInfoFrom(context, order, info)));
  };

  const setReturnShipmentState = (context, order, action) => {
    const item = findReturnItem(order, action);
    const allowed = item.shipmentState === "Returned" && RETURN_MOVES.has(action.shipmentState);
    if (!allowed) {
      throw invalidOperation(`Return item '${item.id}' cannot go from ${item.shipmentState} to ${action.shipmentState}.`);
    }
    Object.assign(item, { shipmentState: action.shipmentState, lastModifiedAt: new Date().toISOString() });
  };

  const setReturnPaymentState = (context, order, action) => {
    const item = findReturnItem(order, action);
    if (item.paymentState === action.paymentState) return;
    if (item.paymentState === "NonRefundable") {
      throw invalidOperation(`Return item '${item.id}' is NonRefundable; its paymentState cannot change.`);
    }
    Object.assign(item, { paymentState: action.paymentState, lastModifiedAt: new Date().toISOString() });
  };

  const setOrderNumber = async ({ projectKey }, order, { orderNumber }) => {
    if (order.orderNumber === orderNumber) return;
    if (order.orderNumber !== undefined) throw invalidOperation("The orderNumber is set already and cannot be changed.");
    await checkOrderNumber(storage, projectKey, orderNumber);
    order.orderNumber = orderNumber;
  };

  const syncChannel = async (projectKey, channel) => {
    const { id, roles } = await storage.getByResourceIdentifier(projectKey, { ...channel, typeId: "channel" });
    const allowed = SYNC_ROLES.some((role) => roles?.includes(role));
    if (!allowed) throw invalidInput(`Channel '${id}' needs the role OrderExport or OrderImport.`);
    return { typeId: "channel", id };
  };

  const updateSyncInfo = async ({ projectKey }, order, { channel: identifier, externalId, syncedAt }) => {
    const channel = await syncChannel(projectKey, identifier);
    const info = { channel, externalId, syncedAt: syncedAt ?? new Date().toISOString() };
    // One entry a channel: a later synchronisation through the same channel takes the earlier one's place.
    order.syncInfo = [...(order.syncInfo ?? []).filter((one) => one.channel.id !== channel.id), info];
  };

  const stateReference = async ({ projectKey }, identifier) => {
    const { id } = await storage.getByResourceIdentifier(projectKey, { ...identifier, typeId: "state" });
    return { typeId: "state", id };
  };

  const findLine = (order, { lineItemId, lineItemKey }) => found(order.lineItems, lineItemId, lineItemKey, "line item");

  const importLineItemState = async (context, order, action) => {
    const line = findLine(order, action);
    const total = action.state.reduce((sum, { quantity }) => sum + quantity, 0);
    if (total !== line.quantity) throw invalidInput(`The states cover ${total} of ${line.quantity} items.`);
    const resolve = async ({ quantity, state }) => ({ quantity, state: await stateReference(context, state) });
    line.state = await Promise.all(action.state.map(resolve));
  };

  const transitionLineItemState = async (context, order, action) => {
    const line = findLine(order, action);
    const [from, to] = await Promise.all([action.fromState, action.toState].map((one) => stateReference(context, one)));
    const quantities = new Map((line.state ?? []).map(({ state, quantity }) => [state.id, quantity]));
    const available = quantities.get(from.id) ?? 0;
    if (available < action.quantity) throw invalidOperation(`Only ${available} items are in state '${from.id}'.`);
    quantities.set(from.id, available - action.quantity);
    quantities.set(to.id, (quantities.get(to.id) ?? 0) + action.quantity);
    const left = [...quantities].filter(([, quantity]) => quantity > 0);
    line.state = left.map(([id, quantity]) => ({ quantity, state: { typeId: "state", id } }));
  };

  return {
    addDelivery,
    addParcelToDelivery,
    addReturnInfo,
    importLineItemState,
    removeDelivery,
    removeParcelFromDelivery,
    setDeliveryAddress: (context, order, action) => {
      findDelivery(order, action).address = action.address;
    },
    setDeliveryItems: (context, order, action) => {
      findDelivery(order, action).items = action.items;
    },
    setOrderNumber,
    setParcelItems: (context, order, action) => {
      findParcel(order, action).items = action.items;
    },
    setParcelMeasurements: (context, order, action) => {
      findParcel(order, action).measurements = action.measurements;
    },
    setParcelTrackingData: (context, order, action) => {
      findParcel(order, action).trackingData = action.trackingData;
    },
    setReturnInfo,
    setReturnPaymentState,
    setReturnShipmentState,
    transitionLineItemState,
    updateSyncInfo,
  };
};

export const checkOrderNumber = async (storage, projectKey, orderNumber) => {
  const orders = await storage.all(projectKey, "order");
  if (orders.some((order) => order.orderNumber === orderNumber)) throw duplicateField("orderNumber", orderNumber);
};
