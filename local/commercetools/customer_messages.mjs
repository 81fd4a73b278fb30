// Messages of customers and Business Units. Whatever is not listed has none: the API sends no message for key, customer
// number, VAT id, locale, salutation and middle name.
const message = (type, fields = {}) => [{ type, fields }];

const fieldSet = (type, field, { name = field, old } = {}) => (before, after) =>
  message(type, { [name]: after[field], ...(old ? { [old]: before[field] } : {}) });

const addressById = (resource, id) => resource.addresses.find((address) => address.id === id);
const addressOf = (resource, { addressId, addressKey }) =>
  resource.addresses.find(({ id, key }) => (addressId ? id === addressId : key === addressKey));

const addressRoles = (resource, { id }) =>
  ["Shipping", "Billing"].filter((role) => (resource[`${role.toLowerCase()}AddressIds`] ?? []).includes(id));

const addressAdded = (prefix) => (before, after) => message(`${prefix}AddressAdded`, { address: after.addresses.at(-1) });

const addressChanged = (prefix) => (before, after, action) => {
  const address = addressById(after, addressOf(before, action).id);
  return message(`${prefix}AddressChanged`, { address, addressRoles: addressRoles(after, address) });
};

const addressRemoved = (prefix) => (before, after, action) => {
  const address = addressOf(before, action);
  return message(`${prefix}AddressRemoved`, { address, addressRoles: addressRoles(before, address) });
};

const defaultSet = (prefix, role) => (before, after) =>
  message(`${prefix}Default${role}AddressSet`, { address: addressById(after, after[`default${role}AddressId`]) });

const roleMoved = (prefix, role, verb) => (before, after, action) =>
  message(`${prefix}${role}Address${verb}`, { address: addressOf(before, action) });

/** A custom field was added, changed or removed; Business Units call the old value oldValue. */
export const customFieldSet = (prefix, oldName = "previousValue") => (before, after, { name }) => {
  const value = after.custom.fields[name];
  const old = before.custom.fields[name];
  if (value === undefined) return message(`${prefix}CustomFieldRemoved`, { name });
  if (old === undefined) return message(`${prefix}CustomFieldAdded`, { name, value });
  return message(`${prefix}CustomFieldChanged`, { name, value, [oldName]: old });
};

/** A custom type was set or removed. */
export const customTypeSet = (prefix, oldName = "previousTypeId") => (before, after) => {
  const old = { [oldName]: before.custom?.type.id };
  if (!after.custom) return message(`${prefix}CustomTypeRemoved`, old);
  return message(`${prefix}CustomTypeSet`, { customFields: after.custom, ...old });
};

const common = (prefix) => ({
  addAddress: addressAdded(prefix),
  addBillingAddressId: roleMoved(prefix, "Billing", "Added"),
  addShippingAddressId: roleMoved(prefix, "Shipping", "Added"),
  changeAddress: addressChanged(prefix),
  removeAddress: addressRemoved(prefix),
  removeBillingAddressId: roleMoved(prefix, "Billing", "Removed"),
  removeShippingAddressId: roleMoved(prefix, "Shipping", "Removed"),
  setCustomerGroupAssignments: fieldSet(`${prefix}CustomerGroupAssignmentsSet`, "customerGroupAssignments"),
  setDefaultBillingAddress: defaultSet(prefix, "Billing"),
  setDefaultShippingAddress: defaultSet(prefix, "Shipping"),
});

export const CUSTOMER_UPDATES = {
  ...common("Customer"),
  changeEmail: fieldSet("CustomerEmailChanged", "email", { old: "oldEmail" }),
  setCompanyName: fieldSet("CustomerCompanyNameSet", "companyName"),
  setCustomField: customFieldSet("Customer"),
  setCustomType: customTypeSet("Customer"),
  setCustomerGroup: fieldSet("CustomerGroupSet", "customerGroup"),
  setCustomerGroupAssignments: fieldSet("CustomerGroupAssignmentsSet", "customerGroupAssignments"),
  setDateOfBirth: fieldSet("CustomerDateOfBirthSet", "dateOfBirth"),
  setExternalId: fieldSet("CustomerExternalIdSet", "externalId"),
  setFirstName: fieldSet("CustomerFirstNameSet", "firstName"),
  setLastName: fieldSet("CustomerLastNameSet", "lastName"),
  setStores: fieldSet("CustomerStoresSet", "stores", { old: "oldStores" }),
  setTitle: fieldSet("CustomerTitleSet", "title"),
};

const associateOf = (resource, { id }) => resource.associates.find(({ customer }) => customer.id === id);

export const BUSINESS_UNIT_UPDATES = {
  ...common("BusinessUnit"),
  addAssociate: (before, after) => message("BusinessUnitAssociateAdded", { associate: after.associates.at(-1) }),
  changeAssociate: (before, after, { associate }) =>
    message("BusinessUnitAssociateChanged", { associate: associateOf(after, associate.customer) }),
  changeName: fieldSet("BusinessUnitNameChanged", "name"),
  // The reference calls the new status "active".
  changeStatus: fieldSet("BusinessUnitStatusChanged", "status", { name: "active" }),
  removeAssociate: (before, after, { customer }) =>
    message("BusinessUnitAssociateRemoved", { associate: associateOf(before, customer) }),
  setAssociates: fieldSet("BusinessUnitAssociatesSet", "associates"),
  setContactEmail: fieldSet("BusinessUnitContactEmailSet", "contactEmail"),
  setCustomField: customFieldSet("BusinessUnit", "oldValue"),
  setCustomType: customTypeSet("BusinessUnit", "oldTypeId"),
  setStores: fieldSet("BusinessUnitStoresSet", "stores"),
};
