// Enumerations whose values the mock does not check. Mind Cancelled (orderState) and Canceled (shipmentState).
import { invalidJson } from "./common.mjs";

const ORDER_STATES = ["Open", "Confirmed", "Complete", "Cancelled"];
const SHIPMENT_STATES = ["Shipped", "Delivered", "Ready", "Pending", "Delayed", "Partial", "Backorder", "Canceled"];
const PAYMENT_STATES = ["BalanceDue", "Failed", "Pending", "CreditOwed", "Paid"];
const RETURN_SHIPMENT_STATES = ["Advised", "Returned", "BackInStock", "Unusable"];
const RETURN_PAYMENT_STATES = ["NonRefundable", "Initial", "Refunded", "NotRefunded"];
const TRANSACTION_STATES = ["Initial", "Pending", "Success", "Failure"];
const TRANSACTION_TYPES = ["Authorization", "CancelAuthorization", "Charge", "Refund", "Chargeback"];

const ORDER_FIELDS = { orderState: ORDER_STATES, shipmentState: SHIPMENT_STATES, paymentState: PAYMENT_STATES };
const ACTION_FIELDS = {
  changeOrderState: { orderState: ORDER_STATES },
  changePaymentState: { paymentState: PAYMENT_STATES },
  changeShipmentState: { shipmentState: SHIPMENT_STATES },
  changeTransactionState: { state: TRANSACTION_STATES },
  setReturnPaymentState: { paymentState: RETURN_PAYMENT_STATES },
  setReturnShipmentState: { shipmentState: RETURN_SHIPMENT_STATES },
};
const OPTIONAL = new Set(["changePaymentState", "changeShipmentState"]);

const check = (value, allowed, path, optional) => {
  if (value === undefined && optional) return;
  if (allowed.includes(value)) return;
  throw invalidJson(`${path}: Invalid enum value: '${value}'. Expected one of: ${allowed.map((one) => `'${one}'`).join(",")}`);
};

/** Check the states of an order draft. */
export const checkEnums = (draft, path) => {
  for (const [field, allowed] of Object.entries(ORDER_FIELDS)) check(draft[field], allowed, `${path}${field}`, true);
};

const checkTransaction = ({ type, state }, path) => {
  check(type, TRANSACTION_TYPES, `${path}type`, false);
  check(state, TRANSACTION_STATES, `${path}state`, true);
};

/** Check the enumerations in an update action. */
export const checkActionEnums = (action, index) => {
  const path = `actions -> ${index} -> `;
  if (action.action === "addTransaction") checkTransaction(action.transaction ?? {}, `${path}transaction -> `);
  for (const [field, allowed] of Object.entries(ACTION_FIELDS[action.action] ?? {})) {
    check(action[field], allowed, `${path}${field}`, OPTIONAL.has(action.action));
  }
};
