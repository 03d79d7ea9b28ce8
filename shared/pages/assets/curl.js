// What was just done, as a line for the shell. The token is $TOKEN: it never leaves the page.

import { byId, copyButton, h, show } from "./dom.js";

/** Show the line that asks the same again. */
export function curl({ path, instances }) {
  const line = command(path, JSON.stringify({ instances }));
  show(
    byId("curl"),
    h(
      "div",
      { class: "card-head" },
      h("h2", { id: "curl-title" }, "The same from a shell"),
      copyButton("Copy", () => line),
    ),
    h("pre", { tabindex: "0", "aria-label": "Command" }, h("code", {}, line)),
    h(
      "p",
      { class: "soft" },
      "TOKEN is the ",
      h("code", {}, "access_token"),
      " that ",
      h("code", {}, "POST /token"),
      " answers.",
    ),
  );
}

function command(path, body) {
  return [
    `curl -s ${location.origin}${path}`,
    `-H "Authorization: Bearer $TOKEN"`,
    `-H "Content-Type: application/json"`,
    `-d '${body.replaceAll("'", "'\\''")}'`,
  ].join(" \\\n  ");
}
