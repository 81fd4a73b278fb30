// The commercetools stand-in: the published mock, extended from outside. Loopback only.
import { CommercetoolsMock } from "@labdigital/commercetools-mock";
import { currentRequest, notFound } from "./common.mjs";
import { EventGrid } from "./eventgrid.mjs";
import { Faults, Recorder, applyAfter, applyBefore } from "./faults.mjs";
import {
  addCorrelationId,
  checkPaging,
  checkProject,
  handleError,
  isControl,
  isTokenRequest,
  pathOf,
  prepareTokenRequest,
  restoreLists,
} from "./limits.mjs";
import { Notifier } from "./notifications.mjs";
import { extendRepositories } from "./repositories.mjs";
import { addControlRoutes, addMessageRoutes, addOrderNumberRoutes } from "./routes.mjs";
import { Storage } from "./storage.mjs";
import { extendSubscriptions } from "./subscriptions.mjs";

const settingsFrom = (environment) => ({
  port: Number(environment.CT_MOCK_PORT ?? 0),
  projects: new Set((environment.CT_MOCK_PROJECT ?? "demo").split(",").map((key) => key.trim())),
  clientId: environment.CT_MOCK_CLIENT_ID ?? "local-client",
  clientSecret: environment.CT_MOCK_CLIENT_SECRET ?? "local-secret",
  giveUpAfter: Number(environment.CT_MOCK_GIVE_UP_MS ?? 60000),
  batch: environment.CT_MOCK_BATCH === "1",
});

const createParts = (settings) => {
  const storage = new Storage();
  const [defaultProjectKey] = settings.projects;
  const authentication = { enableAuthentication: true, validateCredentials: true };
  const mock = new CommercetoolsMock({ defaultProjectKey, storage, strict: true, silent: true, ...authentication });
  const grid = new EventGrid(settings);
  const targets = new Map();
  const notifier = new Notifier(storage, grid, targets);
  const repositoryOf = (typeId) => mock.project().getRepository(typeId);
  const { projects } = settings;
  return { mock, storage, grid, targets, notifier, repositoryOf, projects, faults: new Faults(), recorder: new Recorder() };
};

const enableMessages = async (storage, projectKey) => {
  const project = await storage.getProject(projectKey);
  await storage.saveProject({ ...project, name: projectKey, messages: { enabled: true, deleteDaysAfterCreation: 15 } });
};

const checkRequest = (request, path, settings) => {
  if (isTokenRequest(path)) {
    prepareTokenRequest(request, settings);
    return;
  }
  checkProject(path, settings.projects);
  if (request.method === "GET") checkPaging(request.query);
};

const addHooks = ({ mock, faults, recorder, notifier }, settings) => {
  mock.app.decorateRequest("standIn", null);

  mock.app.addHook("onRequest", async (request, reply) => {
    restoreLists(request);
    addCorrelationId(request, reply);
  });

  // After the body is parsed, so that it is recorded and the context below survives to the handler; before preHandler,
  // where the mock checks tokens, so that a fault comes first.
  mock.app.addHook("preValidation", async (request, reply) => {
    const path = pathOf(request);
    if (isControl(path)) return undefined;
    const fault = faults.take(request.method, path);
    const entry = isTokenRequest(path) ? {} : recorder.start(request, path, reply.getHeader("X-Correlation-ID"));
    const { method, query, body } = request;
    request.standIn = { fault, entry, context: { method, path, query, body, events: [] } };
    if (applyBefore(fault, request, reply)) return reply;
    checkRequest(request, path, settings);
    return undefined;
  });

  mock.app.addHook("preValidation", (request, reply, done) => {
    if (request.standIn) currentRequest.run(request.standIn.context, done);
    else done();
  });

  mock.app.addHook("onSend", async (request, reply, payload) => {
    const { fault, entry, context } = request.standIn ?? {};
    if (!context) return payload;
    entry.status = reply.statusCode;
    if (reply.statusCode < 300) await notifier.publish(context.path.split("/")[1], context.events);
    await applyAfter(fault, request);
    return payload;
  });
};

// Fastify warns that the mock has an error handler already; replacing it is what is meant here.
const replaceErrorHandler = (app) => {
  const { emitWarning } = process;
  process.emitWarning = (...warning) => {
    if (!warning.includes("FSTWRN004")) emitWarning.apply(process, warning);
  };
  app.setErrorHandler(handleError);
  process.emitWarning = emitWarning;
};

const main = async () => {
  const settings = settingsFrom(process.env);
  const parts = createParts(settings);
  const { mock, storage, repositoryOf } = parts;
  extendRepositories(repositoryOf, storage);
  extendSubscriptions(repositoryOf("subscription"), parts);
  addHooks(parts, settings);
  addMessageRoutes(parts);
  addOrderNumberRoutes(parts);
  addControlRoutes(parts);
  replaceErrorHandler(mock.app);
  mock.app.setNotFoundHandler((request, reply) => handleError(notFound(`path '${pathOf(request)}'`), request, reply));
  for (const projectKey of settings.projects) await enableMessages(storage, projectKey);
  // Not runServer(): it listens on every address of the machine.
  const url = await mock.app.listen({ port: settings.port, host: "127.0.0.1" });
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
  console.log(JSON.stringify({ url }));
};

await main();
