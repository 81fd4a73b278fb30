// The mock's services drop sort, withTotal and limit=0 on their way to the storage; this storage puts them back.
import { InMemoryStorage } from "@labdigital/commercetools-mock";
import { currentRequest } from "./common.mjs";
import { Index } from "./index.mjs";

// The mock's predicate parser knows != but not <>; text in quotes must stay as it is.
const withoutDiamonds = (predicate) =>
  predicate.replace(/("(?:[^"\\]|\\.)*")|<>/g, (match, quoted) => quoted ?? "!=");

const normalised = (where) => (where === undefined ? undefined : [where].flat().map(withoutDiamonds));

const listQuery = () => {
  const request = currentRequest.getStore();
  return request?.method === "GET" ? request.query : {};
};

// Queries know a field that no answer shows: the e-mail of a customer in lower case.
const withLowercaseEmail = (customer) => ({ ...customer, lowercaseEmail: customer.email?.toLowerCase() });
const withoutLowercaseEmail = ({ lowercaseEmail, ...customer }) => customer;

// The mock refuses an e-mail wherever it is taken; customers.mjs knows that stores keep theirs apart.
const asksWhetherEmailIsTaken = (typeId) => {
  const { method, path } = currentRequest.getStore() ?? {};
  return typeId === "customer" && method === "POST" && path.endsWith("/customers");
};

export class Storage extends InMemoryStorage {
  #index = new Index();

  async forProjectKey(projectKey) {
    const collections = await super.forProjectKey(projectKey);
    // Messages are no resource of the mock; with a map of their own they get its where, sort and paging.
    collections.message ??= new collections.order.constructor();
    return collections;
  }

  async add(projectKey, typeId, resource, parameters) {
    this.#index.add(projectKey, typeId, resource);
    return super.add(projectKey, typeId, typeId === "customer" ? withoutLowercaseEmail(resource) : resource, parameters);
  }

  async delete(projectKey, typeId, id, parameters) {
    this.#index.remove(projectKey, typeId, id);
    return super.delete(projectKey, typeId, id, parameters);
  }

  async clear() {
    this.#index.clear();
    return super.clear();
  }

  async #indexed(projectKey, typeId, ids) {
    return (await Promise.all(ids.map((id) => this.get(projectKey, typeId, id)))).filter(Boolean);
  }

  /** Find resources by a SKU of theirs. */
  async ofSku(projectKey, typeId, sku) {
    return this.#indexed(projectKey, typeId, this.#index.ids(projectKey, typeId, "sku", sku));
  }

  /** Find resources by their key; there is one at most. */
  async ofKey(projectKey, typeId, key) {
    return this.#indexed(projectKey, typeId, this.#index.ids(projectKey, typeId, "key", key));
  }

  async getByKey(projectKey, typeId, key, parameters) {
    const [found] = await this.ofKey(projectKey, typeId, key);
    return found ? this.get(projectKey, typeId, found.id, parameters) : null;
  }

  async all(projectKey, typeId) {
    const ids = this.#index.candidates(projectKey, typeId, listQuery());
    if (ids) return this.#indexed(projectKey, typeId, ids);
    const resources = await super.all(projectKey, typeId);
    return typeId === "customer" ? resources.map(withLowercaseEmail) : resources;
  }

  async query(projectKey, typeId, parameters) {
    if (asksWhetherEmailIsTaken(typeId)) return { count: 0, total: 0, offset: 0, limit: 20, results: [] };
    const { sort, withTotal, limit } = listQuery();
    const page = await super.query(projectKey, typeId, {
      ...parameters,
      where: normalised(parameters.where),
      sort: sort ?? parameters.sort,
    });
    if (typeId === "customer") page.results = page.results.map(withoutLowercaseEmail);
    if (limit !== undefined && Number(limit) === 0) Object.assign(page, { count: 0, limit: 0, results: [] });
    if (withTotal === "false") delete page.total;
    return page;
  }
}
