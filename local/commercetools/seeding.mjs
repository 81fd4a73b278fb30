// POST /__seed/{project}/{resource}: a whole document stored as given, and on request the message about it.
import { randomUUID } from "node:crypto";
import { COLLECTIONS, invalidInput, sleep } from "./common.mjs";
import { seededMessage } from "./messages.mjs";

const MAX_TIMES = 1000;
const MESSAGE_TYPE = /^[A-Z][A-Za-z]+$/;
const TYPE_OF = Object.fromEntries(Object.entries(COLLECTIONS).map(([typeId, collection]) => [collection, typeId]));

const wholeNumber = (name, text, fallback, largest) => {
  const number = text === undefined ? fallback : Number(text);
  if (Number.isInteger(number) && number >= 0 && number <= largest) return number;
  throw invalidInput(`${name}: expected a whole number from 0 to ${largest}, got '${text}'.`);
};

const parseQuery = (query) => {
  const { message } = query;
  if (message !== undefined && !MESSAGE_TYPE.test(message)) throw invalidInput(`message: '${message}' is no message type.`);
  const times = wholeNumber("times", query.times, 1, MAX_TIMES);
  return { message, times, delay: wholeNumber("delay_ms", query.delay_ms, 0, 600000) };
};

const typeIdOf = async (storage, project, name) => {
  const typeId = TYPE_OF[name] ?? name;
  if ((await storage.forProjectKey(project))[typeId]) return typeId;
  throw invalidInput(`'${name}' is no resource type; expected a typeId such as ${Object.keys(COLLECTIONS).join(", ")}.`);
};

// Only what the storage cannot do without is filled in; every given field stays as it is.
const completed = (document) => {
  if (document === null || typeof document !== "object" || Array.isArray(document)) {
    throw invalidInput("The body must be the document to store, a JSON object.");
  }
  const now = new Date().toISOString();
  return { id: randomUUID(), version: 1, createdAt: now, lastModifiedAt: now, ...document };
};

const deliverLater = async (notifier, project, stored, { times, delay }) => {
  if (delay > 0) await sleep(delay);
  await notifier.deliverMessage(project, stored, times);
};

export const seed = async ({ storage, notifier, projects }, { params, query, body }) => {
  const { project, resource: name } = params;
  const plan = parseQuery(query);
  const typeId = await typeIdOf(storage, project, name);
  const document = completed(body);
  projects.add(project);
  await storage.add(project, typeId, document);
  if (plan.message) {
    const event = { typeId, ...seededMessage(plan.message, document), resource: document, resourceVersion: document.version };
    const stored = await notifier.store(project, event);
    void deliverLater(notifier, project, stored, plan);
  }
  return { id: document.id, version: document.version };
};
