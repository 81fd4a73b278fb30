// From a change to what Subscriptions deliver: messages with their sequence, change notifications, CloudEvents.
import { randomUUID } from "node:crypto";
import { COLLECTIONS } from "./common.mjs";

const IDENTIFIERS = ["key", "externalId", "orderNumber", "customerNumber", "sku"];

const userProvidedIdentifiers = (resource) => {
  const found = IDENTIFIERS.filter((name) => resource[name] !== undefined).map((name) => [name, resource[name]]);
  const slug = resource.masterData?.current?.slug;
  if (slug) found.push(["slug", slug]);
  if (resource.container) return { containerAndKey: { container: resource.container, key: resource.key } };
  return Object.fromEntries(found);
};

const collectionOf = (typeId) => COLLECTIONS[typeId] ?? `${typeId}s`;

const cloudEvent = (project, typeId, payload, rest) => ({
  id: payload.id ?? randomUUID(),
  source: `/${project}/${collectionOf(typeId)}`,
  specversion: "1.0",
  datacontenttype: "application/json",
  subject: payload.resource.id,
  ...rest,
  data: payload,
});

const messageEvent = (project, stored) => {
  const payload = { notificationType: "Message", projectKey: project, ...stored };
  return cloudEvent(project, stored.resource.typeId, payload, {
    type: `com.commercetools.${stored.resource.typeId}.message.${stored.type}`,
    time: stored.createdAt,
    sequence: String(stored.sequenceNumber),
    sequencetype: "Integer",
    dataref: `/${project}/messages/${stored.id}`,
  });
};

/** A ResourceCreated, ResourceUpdated or ResourceDeleted notification as a CloudEvent. */
export const changeEvent = (project, { kind, typeId, resource, oldVersion, dataErasure }) => {
  const modifiedAt = resource.lastModifiedAt ?? new Date().toISOString();
  const payload = {
    notificationType: kind,
    projectKey: project,
    resource: { typeId, id: resource.id },
    resourceUserProvidedIdentifiers: userProvidedIdentifiers(resource),
    version: resource.version,
    ...(oldVersion === undefined ? {} : { oldVersion }),
    ...(dataErasure ? { dataErasure } : {}),
    modifiedAt,
  };
  return cloudEvent(project, typeId, payload, { type: `com.commercetools.${typeId}.change.${kind}`, time: modifiedAt });
};

const wantsMessage = (subscription, { typeId, type }) =>
  subscription.messages.some(
    ({ resourceTypeId, types }) => resourceTypeId === typeId && (!types?.length || types.includes(type)),
  );

const wantsChange = (subscription, typeId) =>
  subscription.changes.some(({ resourceTypeId }) => resourceTypeId === typeId);

export class Notifier {
  #sequences = new Map();

  constructor(storage, grid, targets) {
    this.storage = storage;
    this.grid = grid;
    this.targets = targets;
  }

  #nextSequence(project, typeId, id) {
    const key = `${project}/${typeId}/${id}`;
    const next = (this.#sequences.get(key) ?? 0) + 1;
    this.#sequences.set(key, next);
    return next;
  }

  /** Keep a message so that GET /messages serves it. */
  async store(project, { typeId, type, fields, resource, resourceVersion }) {
    const now = new Date().toISOString();
    const stored = {
      id: randomUUID(),
      version: 1,
      sequenceNumber: this.#nextSequence(project, typeId, resource.id),
      resource: { typeId, id: resource.id },
      resourceVersion,
      resourceUserProvidedIdentifiers: userProvidedIdentifiers(resource),
      type,
      ...fields,
      createdAt: now,
      lastModifiedAt: now,
    };
    return this.storage.add(project, "message", stored);
  }

  /** Deliver a stored message to every Subscription that asks for it. */
  async deliverMessage(project, stored, times = 1) {
    const wanted = { typeId: stored.resource.typeId, type: stored.type };
    const event = messageEvent(project, stored);
    await this.#deliver(project, (subscription) => wantsMessage(subscription, wanted), Array(times).fill(event));
  }

  /** Store and deliver what one request has caused, in order. */
  async publish(project, events) {
    for (const event of events) {
      if (event.kind === "Message") await this.deliverMessage(project, await this.store(project, event));
      else await this.#deliver(project, (one) => wantsChange(one, event.typeId), [changeEvent(project, event)]);
    }
  }

  async #deliver(project, wants, events) {
    const subscriptions = await this.storage.all(project, "subscription");
    for (const { id } of subscriptions.filter(wants)) this.grid.deliver(this.targets.get(id), events);
  }
}
