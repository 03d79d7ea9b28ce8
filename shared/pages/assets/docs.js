// Swagger UI on this service's own document. Nothing is asked of another host, and the token stays in memory.

/** What Swagger UI leaves out for screen readers: which elements, which attribute, and its value. */
const MENDED = [
  [".information-container", "role", "region"],
  [".information-container", "aria-label", "About the API"],
  [".opblock-body textarea", "aria-label", "Request body"],
  [".opblock-body h4", "aria-level", "2"],
  [".opblock-body h5", "aria-level", "3"],
  [".modal-ux", "role", "dialog"],
  [".modal-ux", "aria-label", "Available authorizations"],
  [".modal-ux-header h3", "aria-level", "2"],
  [".close-modal", "aria-label", "Close"],
  [".auth-container h4", "aria-level", "3"],
];

function mend(place) {
  for (const [selector, name, value] of MENDED) {
    for (const each of place.querySelectorAll(`${selector}:not([${name}])`)) each.setAttribute(name, value);
  }
}

const place = document.getElementById("swagger-ui");
new MutationObserver(() => mend(place)).observe(place, { childList: true, subtree: true });

window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: false, // its links would stand inside buttons
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
