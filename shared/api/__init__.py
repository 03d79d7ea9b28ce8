"""HTTP: the frame of every route, OpenAPI, and readiness."""
