// Endpoints the mock lacks: messages, orders by order number, and the stand-in's own controls under /__.
import { invalidJson, notFound } from "./common.mjs";
import { checkToken } from "./limits.mjs";
import { seed } from "./seeding.mjs";

const listParameters = (query) => ({
  ...query,
  limit: query.limit === undefined ? undefined : Number(query.limit),
  offset: query.offset === undefined ? undefined : Number(query.offset),
});

export const addMessageRoutes = ({ mock, storage }) => {
  mock.app.get("/:projectKey/messages", async (request) => {
    checkToken(mock, request);
    return storage.query(request.params.projectKey, "message", listParameters(request.query));
  });
  mock.app.get("/:projectKey/messages/:id", async (request) => {
    checkToken(mock, request);
    const { projectKey, id } = request.params;
    const message = await storage.get(projectKey, "message", id);
    if (!message) throw notFound(`ID '${id}'`);
    return message;
  });
};

const updateFrom = (body) => {
  if (!Number.isInteger(body?.version)) throw invalidJson("version: JSON Number expected.");
  if (!Array.isArray(body.actions)) throw invalidJson("actions: JSON Array expected.");
  return body;
};

const expandOf = ({ query }) => (query.expand === undefined ? undefined : [query.expand].flat());

export const addOrderNumberRoutes = ({ mock, repositoryOf }) => {
  const orders = repositoryOf("order");

  const find = async (request) => {
    const { projectKey, orderNumber } = request.params;
    const context = { projectKey, clientId: checkToken(mock, request) };
    const order = await orders.getWithOrderNumber(context, orderNumber);
    if (!order) throw notFound(`order number '${orderNumber}'`);
    return { context, order };
  };

  const update = async (request) => {
    const { context, order } = await find(request);
    const { version, actions } = updateFrom(request.body);
    await orders.processUpdateActions(context, order, version, actions);
    return orders.get(context, order.id, { expand: expandOf(request) });
  };

  const remove = async (request) => {
    const { context, order } = await find(request);
    return orders.delete(context, order.id, { expand: expandOf(request) });
  };

  for (const prefix of ["/:projectKey", "/:projectKey/in-store/key=:storeKey"]) {
    mock.app.post(`${prefix}/orders/order-number=:orderNumber`, update);
    mock.app.delete(`${prefix}/orders/order-number=:orderNumber`, remove);
  }
};

export const addControlRoutes = (parts) => {
  const { mock, faults, recorder, grid } = parts;
  mock.app.post("/__seed/:project/:resource", async (request) => seed(parts, request));
  mock.app.post("/__faults", async (request) => faults.replace(request.body));
  mock.app.get("/__faults", async () => faults.list());
  mock.app.delete("/__faults", async () => faults.clear());
  mock.app.get("/__requests", async () => recorder.list());
  mock.app.delete("/__requests", async () => recorder.clear());
  mock.app.get("/__events", async () => grid.counts());
  mock.app.get("/__events/dead", async () => grid.dead());
};
