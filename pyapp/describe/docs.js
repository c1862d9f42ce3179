"use strict";

const EXAMPLE_KEY = "0b7d7a54-9a1e-4d0b-8a53-3f1f0b1c9e55"; // as in the description
// Swagger UI on our own description. Nothing is fetched from, or sent to, another host; tokens stay in this tab.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

window.addEventListener("DOMContentLoaded", async () => {
  const description = await (await fetch("/openapi.json")).json();
  // This page asks its own host, even if a proxy hides its name or scheme from the server.
  description.servers = [{ url: window.location.origin }];
  const flow = description.components.securitySchemes.client.flows.clientCredentials;
  flow.tokenUrl = new URL(flow.tokenUrl, window.location.origin).href;
  // Examples fill the form. Filters are for tools that cannot do without; here, a first try lists everything.
  for (const operation of Object.values(description.paths).flatMap((path) => Object.values(path))) {
    for (const parameter of operation.parameters ?? []) {
      if (parameter.in === "query") delete parameter.example;
    }
  }
  window.ui = SwaggerUIBundle({
    spec: description,
    dom_id: "#swagger-ui",
    deepLinking: true,
    validatorUrl: null,
    persistAuthorization: false,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    syntaxHighlight: { activated: false },
    requestInterceptor: (request) => {
      // The form shows the key of the example. A key belongs to one request: each one that still has it gets its own.
      const name = Object.keys(request.headers).find((header) => header.toLowerCase() === "idempotency-key");
      if (name && request.headers[name] === EXAMPLE_KEY) request.headers[name] = crypto.randomUUID();
      return request;
    },
  });
});
