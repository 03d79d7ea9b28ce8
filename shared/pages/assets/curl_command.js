// The curl command for the last request. It contains $TOKEN instead of the token, which never leaves the page.

import { createCopyButton, el, getById, setContent } from "./dom.js";
import { absoluteUrl } from "./service.js";

/** Show the curl command that sends the same request. */
export function showCurlCommand({ path, instances }) {
  const command = formatCommand(path, JSON.stringify({ instances }));
  setContent(
    getById("curl"),
    el(
      "div",
      { class: "card-head" },
      el("h2", { id: "curl-title" }, "Call with curl"),
      createCopyButton("Copy", () => command),
    ),
    el("pre", { tabindex: "0", "aria-label": "Command" }, el("code", {}, command)),
    el(
      "p",
      { class: "muted" },
      "TOKEN is the ",
      el("code", {}, "access_token"),
      " from ",
      el("code", {}, "POST /token"),
      ".",
    ),
  );
}

function formatCommand(path, body) {
  return [
    `curl -s ${absoluteUrl(path)}`,
    `-H "Authorization: Bearer $TOKEN"`,
    `-H "Content-Type: application/json"`,
    `-d '${body.replaceAll("'", "'\\''")}'`,
  ].join(" \\\n  ");
}
