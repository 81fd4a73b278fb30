// What the real API refuses or adds on every request: client credentials, projects, paging limits, correlation ids.
import { randomUUID, timingSafeEqual } from "node:crypto";
import { ApiError, invalidInput, invalidJson, notFound } from "./common.mjs";

const MAX_LIMIT = 500;
const MAX_OFFSET = 10000;
const SORT_CLAUSE = /^[\w.-]+(\s+(asc|desc))?$/i;

export const pathOf = (request) => request.url.split("?")[0];
export const isControl = (path) => path.startsWith("/__");
export const isTokenRequest = (path) => path.startsWith("/oauth/");

const basicCredentials = (header = "") => {
  const [scheme, encoded = ""] = header.split(" ");
  return scheme.toLowerCase() === "basic" ? Buffer.from(encoded, "base64") : Buffer.alloc(0);
};

const sameBytes = (left, right) => left.length === right.length && timingSafeEqual(left, right);

const checkClient = (request, { clientId, clientSecret }) => {
  const expected = Buffer.from(`${clientId}:${clientSecret}`);
  if (sameBytes(basicCredentials(request.headers.authorization), expected)) return;
  throw new ApiError(
    401,
    "invalid_client",
    "Please provide valid client credentials using HTTP Basic Authentication.",
  );
};

/** Check the client and let a scope in the form body count, which the mock reads from the query only. */
export const prepareTokenRequest = (request, settings) => {
  checkClient(request, settings);
  request.query.scope ??= request.body?.scope ?? `manage_project:${settings.projects.values().next().value}`;
};

const checkNumber = (name, value, largest) => {
  if (value === undefined) return;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0 && number <= largest) return;
  throw invalidInput(`Invalid value '${value}' for query parameter '${name}': expected 0 to ${largest}.`);
};

export const checkPaging = (query) => {
  checkNumber("limit", query.limit, MAX_LIMIT);
  checkNumber("offset", query.offset, MAX_OFFSET);
  for (const clause of [query.sort ?? []].flat()) {
    if (!SORT_CLAUSE.test(clause.trim())) throw invalidInput(`Malformed parameter: sort: '${clause}'.`);
  }
};

export const checkProject = (path, projects) => {
  const key = decodeURIComponent(path.split("/")[1]);
  if (!projects.has(key)) throw notFound(`key '${key}' (project)`);
};

export const checkToken = (mock, request) => {
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (!token || !mock.authStore().validateToken(token)) throw new ApiError(401, "invalid_token", "invalid_token");
  return mock.authStore().getClientIdForToken(token);
};

/** Make lists of repeated parameters again: the mock's parser makes objects of more than 20 values. */
export const restoreLists = (request) => {
  const parameters = new URL(request.url, "http://localhost").searchParams;
  for (const name of new Set(parameters.keys())) {
    const values = parameters.getAll(name);
    if (values.length > 1) request.query[name] = values;
  }
};

/** Echo the caller's correlation id, or make one as the API does. */
export const addCorrelationId = (request, reply) => {
  const project = pathOf(request).split("/")[1];
  reply.header("X-Correlation-ID", request.headers["x-correlation-id"] ?? `${project}/${randomUUID()}`);
};

const oauthFields = ({ code, message }) =>
  /^(invalid_|unsupported_)/.test(code) ? { error: code, error_description: message } : {};

const asApiError = (error) => {
  if (error.info) return error;
  if (error instanceof SyntaxError) return invalidJson(error.message);
  return new ApiError(error.statusCode ?? 500, error.statusCode ? "InvalidInput" : "General", error.message);
};

/** Answer every error in the API's own shape, also those the mock would answer as {error}. */
export const handleError = (error, request, reply) => {
  const { statusCode, message, info, errors } = asApiError(error);
  const body = { statusCode, message, errors: errors?.length ? errors : [info], ...oauthFields(info) };
  return reply.status(statusCode).send(body);
};
