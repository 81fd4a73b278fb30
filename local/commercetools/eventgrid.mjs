// The stand-in plays Event Grid too: handshake, delivery as CloudEvents 1.0, retries, dead letters.
import { sleep } from "./common.mjs";

const ORIGIN = "eventgrid.azure.net";
const ANSWER_TIMEOUT_MS = 30000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 5000;
const MAX_DEAD = 10000;
// Event Grid never retries these: the receiver has said that it will not take the event.
const DROPPED = new Set([400, 401, 403, 413]);

const delivered = (status) => status >= 200 && status <= 204;

const send = async (uri, method, headers, body) => {
  try {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const answer = await fetch(uri, { method, headers, body, redirect: "manual", signal });
    await answer.arrayBuffer();
    return { status: answer.status, headers: answer.headers };
  } catch (error) {
    return { status: 0, headers: new Headers(), error: error.cause?.message ?? error.message };
  }
};

const describe = ({ status, error }) => (status ? `the endpoint answered ${status}` : `no answer (${error})`);

/** Ask the endpoint for permission as the CloudEvents webhook specification says; returns what is wrong or null. */
export const handshake = async (uri) => {
  const answer = await send(uri, "OPTIONS", { "WebHook-Request-Origin": ORIGIN });
  if (answer.status !== 200) return `OPTIONS: ${describe(answer)}`;
  const allowed = answer.headers.get("WebHook-Allowed-Origin");
  return allowed === "*" || allowed === ORIGIN ? null : "OPTIONS: WebHook-Allowed-Origin is missing or names another origin";
};

export class EventGrid {
  #dead = [];
  #pending = 0;
  #delivered = 0;

  constructor({ batch, giveUpAfter }) {
    this.batch = batch;
    this.giveUpAfter = giveUpAfter;
  }

  counts() {
    return { delivered: this.#delivered, pending: this.#pending, dead: this.#dead.length };
  }

  dead() {
    return { dead: this.#dead };
  }

  /** Send one event once; returns what is wrong or null. */
  async test(uri, event) {
    const answer = await this.#post(uri, [event], 1);
    return delivered(answer.status) ? null : `POST: ${describe(answer)}`;
  }

  /** Deliver events in the background: one request each, or all in one when batching is on. */
  deliver(uri, events) {
    const requests = this.batch ? [events] : events.map((event) => [event]);
    for (const request of requests) void this.#deliver(uri, request);
  }

  async #post(uri, events, attempt) {
    const type = this.batch ? "application/cloudevents-batch+json" : "application/cloudevents+json";
    const headers = {
      "Content-Type": `${type}; charset=utf-8`,
      "WebHook-Request-Origin": ORIGIN,
      "aeg-event-type": "Notification",
      "aeg-delivery-count": String(attempt - 1),
    };
    return send(uri, "POST", headers, JSON.stringify(this.batch ? events : events[0]));
  }

  async #deliver(uri, events) {
    this.#pending += events.length;
    const problem = await this.#deliverOrGiveUp(uri, events);
    this.#pending -= events.length;
    if (problem) this.#bury(uri, events, problem);
    else this.#delivered += events.length;
  }

  async #deliverOrGiveUp(uri, events) {
    const start = Date.now();
    for (let attempt = 1, delay = FIRST_DELAY_MS; ; attempt += 1, delay = Math.min(delay * 2, MAX_DELAY_MS)) {
      const answer = await this.#post(uri, events, attempt);
      if (delivered(answer.status)) return null;
      const over = DROPPED.has(answer.status) || Date.now() - start + delay > this.giveUpAfter;
      if (over) return { reason: describe(answer), status: answer.status, attempts: attempt };
      await sleep(delay);
    }
  }

  #bury(uri, events, problem) {
    // The query of the address carries the receiver's key.
    const address = uri.split("?")[0];
    this.#dead.push(...events.map((event) => ({ uri: address, ...problem, event })));
    this.#dead.splice(0, Math.max(0, this.#dead.length - MAX_DEAD));
  }
}
