// Faults on demand, and the record of every API request.
import { clone, invalidInput, sleep } from "./common.mjs";

const MODES = new Set(["status", "drop_before", "drop_after", "delay_after"]);
const MAX_RECORDED = 10000;
const CODES = { 429: "TooManyRequests", 500: "General", 502: "BadGateway", 503: "OverCapacity", 504: "GatewayTimeout" };

const parseFault = (fault, index) => {
  const parsed = { method: "*", path: ".*", times: 1, mode: "status", status: 503, delay_ms: 0, ...fault };
  if (!MODES.has(parsed.mode)) throw invalidInput(`faults[${index}].mode: expected one of ${[...MODES].join(", ")}`);
  if (!Number.isInteger(parsed.times)) throw invalidInput(`faults[${index}].times: expected a whole number`);
  try {
    return { ...parsed, pattern: new RegExp(parsed.path), remaining: parsed.times };
  } catch (error) {
    throw invalidInput(`faults[${index}].path: ${error.message}`);
  }
};

const visible = ({ pattern, ...fault }) => fault;

const defaultBody = (status) => {
  const message = `Fault programmed with POST /__faults (${status})`;
  return { statusCode: status, message, errors: [{ code: CODES[status] ?? "General", message }] };
};

export class Faults {
  #faults = [];

  replace(body) {
    if (!Array.isArray(body?.faults)) throw invalidInput('expected {"faults": [...]}');
    this.#faults = body.faults.map(parseFault);
    return this.list();
  }

  clear() {
    this.#faults = [];
    return this.list();
  }

  list() {
    return { faults: this.#faults.map(visible) };
  }

  /** Return the first fault that fits and count it down; undefined when none does. */
  take(method, path) {
    const fits = ({ method: wanted, pattern, remaining }) =>
      remaining > 0 && (wanted === "*" || wanted === method) && pattern.test(path);
    const fault = this.#faults.find(fits);
    if (fault) fault.remaining -= 1;
    return fault;
  }
}

/** Do what a fault wants before the work; true when the request is over. */
export const applyBefore = (fault, request, reply) => {
  if (fault?.mode === "drop_before") {
    reply.hijack();
    request.raw.socket.destroy();
    return true;
  }
  if (fault?.mode !== "status") return false;
  if (fault.retry_after !== undefined) reply.header("Retry-After", String(fault.retry_after));
  reply.status(fault.status).send(fault.body ?? defaultBody(fault.status));
  return true;
};

/** Do what a fault wants after the work and before the answer. */
export const applyAfter = async (fault, request) => {
  if (fault?.mode === "drop_after") request.raw.socket.destroy();
  if (fault?.mode === "delay_after") await sleep(fault.delay_ms);
};

export class Recorder {
  #requests = [];

  /** Record a request before it is worked on, so that one that never gets an answer is seen too (status null). */
  start(request, path, correlationId) {
    const { method, query, body = null } = request;
    // Cloned, because the mock may change the body while it works on it.
    const entry = { method, path, query, body: clone(body), correlationId, status: null };
    this.#requests.push(entry);
    if (this.#requests.length > MAX_RECORDED) this.#requests.shift();
    return entry;
  }

  clear() {
    this.#requests = [];
    return this.list();
  }

  list() {
    return { requests: this.#requests };
  }
}
