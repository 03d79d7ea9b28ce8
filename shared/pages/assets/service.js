// The service as the page sees it: log in, ask, and what went wrong. The token lives here, in memory, and nowhere else.

const MOST_SECONDS = 60;

/** An answer that is none: a problem (RFC 9457), or no connection (status 0). */
export class Refused extends Error {
  constructor(status, problem = {}, retryAfter = 0) {
    super(
      problem.detail ||
        problem.title ||
        (status ? `The service answered ${status}.` : "The service cannot be reached."),
    );
    this.status = status;
    this.slug = String(problem.type || "").replace("/problems/", "");
    this.errors = problem.errors || [];
    this.requestId = problem.request_id || "";
    this.retryAfter = retryAfter;
  }
}

let token = "";
let expires = 0;

/** Whether there is a token that has not expired. */
export function loggedIn() {
  return Boolean(token) && Date.now() < expires;
}

/** Milliseconds until the token expires; below zero when it has. */
export function left() {
  return token ? expires - Date.now() : 0;
}

/** Trade a name and a password for a token. Throws Refused. */
export async function login(username, password) {
  const body = new URLSearchParams({ grant_type: "password", username, password });
  const answer = await (await send("/token", { method: "POST", body })).json();
  take(answer.access_token, Date.now() + answer.expires_in * 1000);
}

/** Use a token that another issuer gave; its expiry is read from it, its signature is the service's to check. */
export function take(given, until = expiry(given)) {
  token = given;
  expires = until;
}

/** Forget the token. */
export function logout() {
  token = "";
  expires = 0;
}

/** What a GET answers, as JSON. Throws Refused. */
export async function get(path) {
  return (await send(path)).json();
}

/** Ask about instances: the answer, its steps as [name, milliseconds], and how long it took from here. Throws Refused. */
export async function ask(path, instances) {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const body = JSON.stringify({ instances });
  const started = performance.now();
  const response = await send(path, { method: "POST", headers, body });
  const answer = await response.json();
  const millis = performance.now() - started;
  return { path, instances, answer, millis, steps: steps(response.headers.get("Server-Timing") || "") };
}

async function send(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(MOST_SECONDS * 1000) });
  } catch {
    throw new Refused(0);
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Refused(response.status, problem, Number(response.headers.get("Retry-After")) || 0);
}

function steps(timing) {
  return [...timing.matchAll(/([\w-]+);dur=([\d.]+)/g)].map(([, name, took]) => [name, Number(took)]);
}

/** The moment in a JWT's `exp`; an hour from now when it has none that can be read. */
function expiry(given) {
  try {
    const claims = JSON.parse(atob(given.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
    if (Number.isFinite(claims.exp)) return claims.exp * 1000;
  } catch {
    // Not a JWT: the service will say what it thinks of it.
  }
  return Date.now() + 3_600_000;
}
