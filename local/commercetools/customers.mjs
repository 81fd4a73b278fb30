// Customers and Business Units: what the mock forgets of a draft, when e-mails are taken, actions that it lacks.
import { currentRequest, duplicateField, invalidInput, invalidOperation, referenceTo } from "./common.mjs";

const KEY = /^[A-Za-z0-9_-]{2,256}$/;
const COPIED = ["email", "vatId", "locale", "salutation"];

const storeKeys = (resource) => new Set((resource.stores ?? []).map(({ key }) => key));

// An e-mail is taken once among the customers of every store, and once in each store.
const meet = (one, other) => {
  const [ours, theirs] = [storeKeys(one), storeKeys(other)];
  return ours.size === 0 ? theirs.size === 0 : [...ours].some((key) => theirs.has(key));
};

const emailTaken = (email) => {
  const error = duplicateField("email", email);
  error.message = "There is already an existing customer with the provided email.";
  return error;
};

const checkEmail = async (storage, projectKey, customer) => {
  const wanted = customer.email.toLowerCase();
  const others = (await storage.all(projectKey, "customer")).filter(({ id }) => id !== customer.id);
  if (others.some((other) => other.email.toLowerCase() === wanted && meet(customer, other))) throw emailTaken(customer.email);
};

const checkKey = (key) => {
  if (key !== undefined && !KEY.test(key)) throw invalidInput(`key: '${key}' does not match ${KEY.source}.`);
};

const checkAddressKeys = (addresses) => {
  const keys = addresses.map(({ key }) => key).filter((key) => key !== undefined);
  keys.forEach(checkKey);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice) throw duplicateField("addresses.key", twice);
};

const checkCountries = (addresses) => {
  if (addresses.some(({ country }) => !/^[A-Z]{2}$/.test(country ?? ""))) {
    throw invalidInput("addresses.country: expected a two-letter country code.");
  }
};

const assignmentsFrom = (storage, projectKey, drafts = []) =>
  Promise.all(
    drafts.map(async ({ customerGroup }) => ({ customerGroup: await referenceTo(storage, projectKey, customerGroup) })),
  );

// A default address has its role, too.
const completeRoles = (resource) => {
  for (const role of ["Billing", "Shipping"]) {
    const ids = (resource[`${role.toLowerCase()}AddressIds`] ??= []);
    const id = resource[`default${role}AddressId`];
    if (id !== undefined && !ids.includes(id)) ids.push(id);
  }
};

const checkAddresses = (addresses) => {
  checkAddressKeys(addresses);
  checkCountries(addresses);
};

const checkSignIn = ({ authenticationMode = "Password", password }) => {
  if (authenticationMode === "Password" && !password) {
    throw invalidInput("password: required when authenticationMode is 'Password'.");
  }
};

/** Check a new customer and add what the mock leaves out of it. */
export const prepareCustomer = async (storage, { projectKey }, customer) => {
  const { body = {} } = currentRequest.getStore() ?? {};
  checkSignIn(body);
  checkKey(body.key);
  for (const name of COPIED.filter((field) => body[field] !== undefined)) customer[name] = body[name];
  for (const { key } of customer.stores) await referenceTo(storage, projectKey, { typeId: "store", key });
  await checkEmail(storage, projectKey, customer);
  checkAddresses(customer.addresses);
  if (body.customerGroup) customer.customerGroup = await referenceTo(storage, projectKey, body.customerGroup);
  customer.customerGroupAssignments = await assignmentsFrom(storage, projectKey, body.customerGroupAssignments);
  completeRoles(customer);
};

/** Check a new Business Unit and add what the mock leaves out of it. */
export const prepareBusinessUnit = async (storage, { projectKey }, unit) => {
  const { body = {} } = currentRequest.getStore() ?? {};
  checkKey(unit.key);
  checkAddresses(unit.addresses);
  unit.status ??= "Active";
  unit.storeMode ??= unit.unitType === "Company" ? "Explicit" : "FromParent";
  unit.associateMode ??= unit.unitType === "Company" ? "Explicit" : "ExplicitAndFromParent";
  unit.approvalRuleMode ??= unit.unitType === "Company" ? "Explicit" : "ExplicitAndFromParent";
  unit.customerGroupAssignments = await assignmentsFrom(storage, projectKey, body.customerGroupAssignments);
  completeRoles(unit);
};

const found = (resource, { addressId, addressKey }) => {
  const address = resource.addresses.find(({ id, key }) => (addressId ? id === addressId : key === addressKey));
  if (address) return address;
  throw invalidOperation(`There is no address with ${addressId ? `the id ${addressId}` : `the key ${addressKey}`}.`);
};

// Without an address the default is taken away, the address and its role stay.
const setDefault = (role) => (context, resource, action) => {
  const none = action.addressId === undefined && action.addressKey === undefined;
  resource[`default${role}AddressId`] = none ? undefined : found(resource, action).id;
  completeRoles(resource);
};

const addressActions = {
  // The id is always the platform's own.
  addAddress: (context, resource, { address }) => {
    const id = Math.random().toString(36).slice(2, 10).padEnd(8, "0");
    resource.addresses.push({ ...address, id });
    checkAddresses(resource.addresses);
  },
  changeAddress: (context, resource, action) => {
    const { id } = found(resource, action);
    resource.addresses = resource.addresses.map((one) => (one.id === id ? { ...action.address, id } : one));
    checkAddresses(resource.addresses);
  },
  setDefaultBillingAddress: setDefault("Billing"),
  setDefaultShippingAddress: setDefault("Shipping"),
};

const setField = (name) => (context, resource, action) => {
  resource[name] = action[name];
};

const setAssignments = (storage) => async ({ projectKey }, resource, { customerGroupAssignments }) => {
  resource.customerGroupAssignments = await assignmentsFrom(storage, projectKey, customerGroupAssignments);
};

const storesFrom = async (storage, projectKey, stores) => {
  for (const { id, key } of stores) await referenceTo(storage, projectKey, { typeId: "store", id, key });
  const all = await storage.all(projectKey, "store");
  return stores.map(({ id, key }) => ({ typeId: "store", key: key ?? all.find((one) => one.id === id).key }));
};

// A field that is not there cannot be taken away; an absent value means null.
const setCustomField = (context, resource, { name, value }) => {
  if (!resource.custom) throw invalidOperation(`The resource has no custom type, so the field '${name}' cannot be set.`);
  if (value !== undefined && value !== null) resource.custom.fields[name] = value;
  else if (name in resource.custom.fields) delete resource.custom.fields[name];
  else throw invalidOperation(`Cannot remove custom field ${name} because it does not exist.`);
};

/** Update actions of customers that the mock lacks or gets wrong. */
export const customerActions = (storage) => ({
  ...addressActions,
  changeEmail: async ({ projectKey }, customer, { email }) => {
    await checkEmail(storage, projectKey, { ...customer, email });
    Object.assign(customer, { email, isEmailVerified: false });
  },
  setCustomField,
  setCustomerGroup: async ({ projectKey }, customer, { customerGroup }) => {
    customer.customerGroup = customerGroup && (await referenceTo(storage, projectKey, customerGroup));
  },
  setCustomerGroupAssignments: setAssignments(storage),
  setStores: async ({ projectKey }, customer, { stores }) => {
    customer.stores = await storesFrom(storage, projectKey, stores);
    await checkEmail(storage, projectKey, customer);
  },
});

/** Update actions of Business Units that the mock lacks or gets wrong. */
export const businessUnitActions = (storage) => ({
  ...addressActions,
  changeStatus: (context, unit, { status }) => {
    if (!["Active", "Inactive"].includes(status)) throw invalidInput(`status: '${status}' is neither Active nor Inactive.`);
    unit.status = status;
  },
  setContactEmail: setField("contactEmail"),
  setCustomField,
  setCustomerGroupAssignments: setAssignments(storage),
  setStores: async ({ projectKey }, unit, { stores }) => {
    unit.stores = await storesFrom(storage, projectKey, stores);
  },
});
