// Swagger UI for the OpenAPI document of this service. No other host is called, and the token stays in memory.

import { followDialog, rememberOpener } from "./authorize_dialog.js";

/** Attributes for screen readers that Swagger UI lacks: selector, attribute, value. */
const MISSING_ATTRIBUTES = [
  [".information-container", "role", "region"],
  [".information-container", "aria-label", "About the API"],
  [".opblock-body textarea", "aria-label", "Request body"],
  [".opblock-body h4", "aria-level", "2"],
  [".opblock-body h5", "aria-level", "3"],
  [".examples-select-element", "aria-label", "Example"],
  [".modal-ux", "role", "dialog"],
  [".modal-ux", "aria-label", "Available authorizations"],
  [".modal-ux-header h3", "aria-level", "2"],
  [".close-modal", "aria-label", "Close"],
  [".auth-container h4", "aria-level", "3"],
];

function addMissingAttributes(root) {
  for (const [selector, name, value] of MISSING_ATTRIBUTES) {
    for (const element of root.querySelectorAll(`${selector}:not([${name}])`)) element.setAttribute(name, value);
  }
}

const root = document.getElementById("swagger-ui");
root.addEventListener("focusin", rememberOpener);
new MutationObserver(() => {
  addMissingAttributes(root);
  followDialog(root);
}).observe(root, { childList: true, subtree: true });

window.SwaggerUIBundle({
  url: new URL("openapi.json", document.baseURI).pathname, // shown on the page, with the prefix of a gateway
  dom_id: "#swagger-ui",
  deepLinking: false, // its links would be inside buttons
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
