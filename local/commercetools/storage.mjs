// The mock's services drop sort, withTotal and limit=0 on their way to the storage; this storage puts them back.
import { InMemoryStorage } from "@labdigital/commercetools-mock";
import { currentRequest } from "./common.mjs";

// The mock's predicate parser knows != but not <>; text in quotes must stay as it is.
const withoutDiamonds = (predicate) =>
  predicate.replace(/("(?:[^"\\]|\\.)*")|<>/g, (match, quoted) => quoted ?? "!=");

const normalised = (where) => (where === undefined ? undefined : [where].flat().map(withoutDiamonds));

const listQuery = () => {
  const request = currentRequest.getStore();
  return request?.method === "GET" ? request.query : {};
};

export class Storage extends InMemoryStorage {
  async forProjectKey(projectKey) {
    const collections = await super.forProjectKey(projectKey);
    // Messages are no resource of the mock; with a map of their own they get its where, sort and paging.
    collections.message ??= new collections.order.constructor();
    return collections;
  }

  async query(projectKey, typeId, parameters) {
    const { sort, withTotal, limit } = listQuery();
    const page = await super.query(projectKey, typeId, {
      ...parameters,
      where: normalised(parameters.where),
      sort: sort ?? parameters.sort,
    });
    if (limit !== undefined && Number(limit) === 0) Object.assign(page, { count: 0, limit: 0, results: [] });
    if (withTotal === "false") delete page.total;
    return page;
  }
}
