// Finds resources by SKU and by key without looking at all of them: the mock's storage copies every one to compare it.

const variantsOf = ({ masterData }) =>
  [masterData?.current, masterData?.staged].filter(Boolean).flatMap(({ masterVariant, variants }) => [masterVariant, ...variants]);

const SKUS = {
  "inventory-entry": ({ sku }) => [sku],
  product: (product) => variantsOf(product).map(({ sku }) => sku),
  "standalone-price": ({ sku }) => [sku],
};

// Only predicates that nothing but these SKUs can fulfil.
const BY_SKU = {
  "inventory-entry": /^sku in :(\w+)( and |$)/,
  product: /^masterVariant\(sku in :(\w+)\) or variants\(sku in :\1\)$/,
  "standalone-price": /^sku in :(\w+)( and |$)/,
};

export class Index {
  #ids = new Map();
  #values = new Map();

  #place(projectKey, typeId, value) {
    return `${projectKey}\n${typeId}\n${value}`;
  }

  add(projectKey, typeId, resource) {
    this.remove(projectKey, typeId, resource.id);
    const skus = SKUS[typeId]?.(resource) ?? [];
    const values = [...skus.map((sku) => `sku\n${sku}`), ...(resource.key === undefined ? [] : [`key\n${resource.key}`])];
    const places = [...new Set(values)].map((value) => this.#place(projectKey, typeId, value));
    this.#values.set(this.#place(projectKey, typeId, resource.id), places);
    for (const place of places) {
      if (!this.#ids.has(place)) this.#ids.set(place, new Set());
      this.#ids.get(place).add(resource.id);
    }
  }

  remove(projectKey, typeId, id) {
    const own = this.#place(projectKey, typeId, id);
    for (const place of this.#values.get(own) ?? []) {
      const ids = this.#ids.get(place);
      ids.delete(id);
      if (ids.size === 0) this.#ids.delete(place);
    }
    this.#values.delete(own);
  }

  clear() {
    this.#ids.clear();
    this.#values.clear();
  }

  ids(projectKey, typeId, field, value) {
    return [...(this.#ids.get(this.#place(projectKey, typeId, `${field}\n${value}`)) ?? [])];
  }

  /** Return the ids that a query can only be about; undefined when it may be about any. */
  candidates(projectKey, typeId, query = {}) {
    const [where] = [query.where ?? []].flat();
    const name = where && BY_SKU[typeId]?.exec(where)?.[1];
    if (!name) return undefined;
    const skus = [query[`var.${name}`] ?? []].flat();
    return [...new Set(skus.flatMap((sku) => this.ids(projectKey, typeId, "sku", sku)))];
  }
}
