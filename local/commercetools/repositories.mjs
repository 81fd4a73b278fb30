// Wraps the mock's repositories: checks it lacks, and the events that each change causes.
import { isDeepStrictEqual } from "node:util";
import { COLLECTIONS, clone, currentRequest, invalidInput, staleVersion } from "./common.mjs";
import { prepareNew } from "./birth.mjs";
import { businessUnitActions, customerActions } from "./customers.mjs";
import { checkActionEnums } from "./enums.mjs";
import { createdMessages, deletedMessages, updateMessages } from "./messages.mjs";
import { orderActions } from "./orders.mjs";
import { priceActions } from "./prices.mjs";
import { extendProjections, productActions } from "./products.mjs";
import { inventoryActions } from "./stock.mjs";

const MAX_ACTIONS = 500;
const OWN_ACTIONS = {
  "business-unit": businessUnitActions,
  customer: customerActions,
  "inventory-entry": inventoryActions,
  order: orderActions,
  product: productActions,
  "standalone-price": priceActions,
};

// Events wait until the request has succeeded: an update whose second action fails has changed nothing.
const remember = (...events) => currentRequest.getStore()?.events.push(...events);

const asEvents = (messages, typeId, resource, resourceVersion) =>
  messages.map(({ type, fields }) => ({
    kind: "Message",
    typeId,
    type,
    fields: clone(fields),
    resource: clone(resource),
    resourceVersion,
  }));

const wrapCreate = (repository, typeId, storage) => {
  const save = repository.saveNew.bind(repository);
  repository.saveNew = async (context, resource) => {
    await prepareNew(storage, context, typeId, resource);
    const saved = await save(context, resource);
    const messages = createdMessages(typeId, saved, currentRequest.getStore()?.path ?? "");
    remember(...asEvents(messages, typeId, saved, saved.version));
    remember({ kind: "ResourceCreated", typeId, resource: clone(saved) });
    return saved;
  };
};

const checkUpdate = (resource, version, actions) => {
  if (actions.length > MAX_ACTIONS) throw invalidInput(`At most ${MAX_ACTIONS} update actions a request; got ${actions.length}.`);
  // The mock looks at the version only when something would change; the API always does.
  if (resource.version !== version) throw staleVersion(resource.id, version, resource.version);
  actions.forEach(checkActionEnums);
};

const wrapUpdate = (repository, typeId) => {
  const update = repository.processUpdateActions.bind(repository);
  repository.processUpdateActions = async (context, resource, version, actions) => {
    checkUpdate(resource, version, actions);
    const updated = await update(context, resource, version, actions);
    if (updated.version !== version) {
      remember({ kind: "ResourceUpdated", typeId, resource: clone(updated), oldVersion: version });
    }
    return updated;
  };
};

const checkDeletedVersion = async (repository, typeId, context, id) => {
  const { version } = currentRequest.getStore()?.query ?? {};
  const current = await repository.get(context, id);
  const optional = typeId === "key-value-document";
  if (!current || (version === undefined && optional)) return current;
  if (version === undefined) throw invalidInput("Missing required query parameter: version.");
  if (current.version !== Number(version)) throw staleVersion(id, version, current.version);
  return current;
};

const wrapDelete = (repository, typeId) => {
  const remove = repository.delete.bind(repository);
  repository.delete = async (context, id, parameters) => {
    const gone = await checkDeletedVersion(repository, typeId, context, id);
    const answer = await remove(context, id, parameters);
    if (gone) {
      remember(...asEvents(deletedMessages(typeId, gone), typeId, gone, gone.version));
      const dataErasure = currentRequest.getStore()?.query.dataErasure === "true";
      remember({ kind: "ResourceDeleted", typeId, resource: gone, dataErasure });
    }
    return answer;
  };
};

const wrapAction = (actions, typeId, name, describe) => {
  const apply = actions[name].bind(actions);
  actions[name] = async (context, resource, action) => {
    const before = clone(resource);
    await apply(context, resource, action);
    // As the mock stores it, so that a key set to undefined does not count as a change.
    const after = clone(resource);
    if (isDeepStrictEqual(before, after)) return;
    remember(...asEvents(describe(before, after, action), typeId, after, after.version + 1));
  };
};

const wrapActions = (repository, typeId, storage) => {
  Object.assign(repository.actions, OWN_ACTIONS[typeId]?.(storage));
  for (const [name, describe] of Object.entries(updateMessages(typeId))) {
    wrapAction(repository.actions, typeId, name, describe);
  }
};

export const extendRepositories = (repositoryOf, storage) => {
  for (const typeId of Object.keys(COLLECTIONS)) {
    const repository = repositoryOf(typeId);
    wrapCreate(repository, typeId, storage);
    wrapUpdate(repository, typeId);
    wrapDelete(repository, typeId);
    if (repository.actions) wrapActions(repository, typeId, storage);
  }
  extendProjections(repositoryOf("product-projection"));
};
