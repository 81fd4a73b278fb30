// Subscriptions that really deliver: checked, shaken hands with and tested before they exist.
import { getBaseResourceProperties } from "@labdigital/commercetools-mock";
import { duplicateField, invalidInput } from "./common.mjs";
import { handshake } from "./eventgrid.mjs";
import { changeEvent } from "./notifications.mjs";

const masked = (destination) => ({ ...destination, accessKey: `****${destination.accessKey.slice(-2)}` });

const undeliverable = (destination, problem) =>
  invalidInput(
    `A test message could not be delivered to this destination: ${destination.type} ${destination.uri?.split("?")[0] ?? ""}: ` +
      `${problem}. Please make sure your destination is correctly configured.`,
  );

const checkDestination = (destination, format) => {
  if (destination?.type !== "EventGrid") {
    throw undeliverable(destination ?? {}, "this stand-in delivers to EventGrid only");
  }
  if (!destination.uri || !destination.accessKey) throw invalidInput("EventGrid needs destination.uri and destination.accessKey.");
  if (format?.type !== "CloudEvents") throw invalidInput("EventGrid destinations need the format CloudEvents.");
};

const checkDraft = (draft) => {
  checkDestination(draft.destination, draft.format);
  const asked = [draft.messages, draft.changes, draft.events].some((list) => list?.length > 0);
  if (!asked) throw invalidInput("At least one of messages, changes or events must be given.");
};

const checkKey = async (storage, projectKey, key) => {
  if (key && (await storage.getByKey(projectKey, "subscription", key))) throw duplicateField("key", key);
};

/** Make the mock's Subscriptions work; targets maps a Subscription's id to its address with the receiver's key. */
export const extendSubscriptions = (repository, { storage, grid, targets }) => {
  const prove = async (projectKey, subscription, destination) => {
    const test = changeEvent(projectKey, { kind: "ResourceCreated", typeId: "subscription", resource: subscription });
    const problem = (await handshake(destination.uri)) ?? (await grid.test(destination.uri, test));
    if (problem) throw undeliverable(destination, problem);
    targets.set(subscription.id, destination.uri);
  };

  repository.create = async (context, draft) => {
    checkDraft(draft);
    await checkKey(storage, context.projectKey, draft.key);
    const { key, destination, format, messages = [], changes = [], events = [] } = draft;
    const base = { ...getBaseResourceProperties(context.clientId), version: 1, key };
    const resource = { ...base, destination: masked(destination), format, messages, changes, events, status: "Healthy" };
    await prove(context.projectKey, resource, destination);
    return repository.saveNew(context, resource);
  };

  Object.assign(repository.actions, {
    changeDestination: async (context, resource, { destination }) => {
      checkDestination(destination, resource.format);
      await prove(context.projectKey, resource, destination);
      resource.destination = masked(destination);
    },
    setChanges: (context, resource, { changes = [] }) => Object.assign(resource, { changes }),
    setEvents: (context, resource, { events = [] }) => Object.assign(resource, { events }),
    setMessages: (context, resource, { messages = [] }) => Object.assign(resource, { messages }),
  });
};
