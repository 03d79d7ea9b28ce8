// HTTP client of the service. The token is kept here, in memory, and nowhere else.
//
// Paths are relative to the page, so that they keep the prefix of a gateway in front of the service.

const MAX_SECONDS = 60;
const DEFAULT_LIFETIME_MS = 3_600_000;

/** A failed request: a problem (RFC 9457), or no connection (status 0). */
export class ServiceError extends Error {
  constructor(status, problem = {}, retryAfter = 0) {
    super(
      problem.detail ||
        problem.title ||
        (status ? `The service returned status ${status}.` : "The service cannot be reached."),
    );
    this.status = status;
    this.errors = problem.errors || [];
    this.requestId = problem.request_id || "";
    this.retryAfter = retryAfter;
  }
}

let token = "";
let expiresAt = 0;

/** Return the URL of a path of the service, for a program elsewhere. */
export function absoluteUrl(path) {
  return new URL(path, document.baseURI).href;
}

/** Return true if there is a token that has not expired. */
export function isLoggedIn() {
  return Boolean(token) && Date.now() < expiresAt;
}

/** Return the milliseconds until the token expires; negative after that. */
export function millisecondsLeft() {
  return token ? expiresAt - Date.now() : 0;
}

/** Exchange a name and a password for a token. Throws ServiceError. */
export async function login(username, password) {
  const body = new URLSearchParams({ grant_type: "password", username, password });
  const response = await (await send("token", { method: "POST", body })).json();
  useToken(response.access_token, Date.now() + response.expires_in * 1000);
}

/** Use a token of another issuer. Only its expiry is read here; the service checks the signature. */
export function useToken(newToken, expiry = readExpiry(newToken)) {
  token = newToken;
  expiresAt = expiry;
}

/** Forget the token. */
export function logout() {
  token = "";
  expiresAt = 0;
}

/** Return the JSON body of a GET. Throws ServiceError. */
export async function getJson(path) {
  return (await send(path)).json();
}

/** Return the response to instances, the steps as [name, milliseconds], and the total time. Throws ServiceError. */
export async function postInstances(path, instances) {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const body = JSON.stringify({ instances });
  const started = performance.now();
  const httpResponse = await send(path, { method: "POST", headers, body });
  const response = await httpResponse.json();
  const milliseconds = performance.now() - started;
  const steps = parseServerTiming(httpResponse.headers.get("Server-Timing") || "");
  return { path, instances, response, milliseconds, steps };
}

async function send(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(MAX_SECONDS * 1000) });
  } catch {
    throw new ServiceError(0);
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new ServiceError(response.status, problem, Number(response.headers.get("Retry-After")) || 0);
}

function parseServerTiming(header) {
  return [...header.matchAll(/([\w-]+);dur=([\d.]+)/g)].map(([, name, milliseconds]) => [name, Number(milliseconds)]);
}

/** Return the time in a JWT's `exp`, or an hour from now for a token that cannot be read. */
function readExpiry(jwt) {
  try {
    const claims = JSON.parse(atob(jwt.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
    if (Number.isFinite(claims.exp)) return claims.exp * 1000;
  } catch {
    // Not a JWT: the service refuses it if it is not valid.
  }
  return Date.now() + DEFAULT_LIFETIME_MS;
}
