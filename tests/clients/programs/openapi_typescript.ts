// Use openapi-typescript's types with openapi-fetch: arguments are a URL and the rows; prints what it received.
import createClient from "openapi-fetch";
import type { components, paths } from "./client.js";

const [baseUrl, text] = process.argv.slice(2);
const rows: Record<string, components["schemas"]["Instance"][]> = JSON.parse(text!);
const body = (key: string) => ({ body: { instances: rows[key]! } });
const form = (password: string) => ({
  body: { username: "abi", password },
  bodySerializer: (fields: Record<string, string>) => new URLSearchParams(fields),
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
});

const anonymous = createClient<paths>({ baseUrl });
const granted = await anonymous.POST("/token", form("password"));
const headers = { Authorization: `Bearer ${granted.data!.access_token}` };
const api = createClient<paths>({ baseUrl, headers });
const refused = await api.POST("/predict", body("bad"));
console.log(
  JSON.stringify({
    ready: (await api.GET("/health/ready")).data!.status,
    features: (await api.GET("/model")).data!.features.map((feature) => feature.name),
    one: (await api.POST("/predict", body("one"))).data!.predictions,
    two: (await api.POST("/predict", body("two"))).data!.predictions,
    classes: (await api.POST("/predict_class", body("two"))).data!.predictions,
    status: refused.response.status,
    pointers: refused.error!.errors?.map((field) => field.pointer),
    "wrong password": (await anonymous.POST("/token", form("wrong"))).error!.error,
  }),
);
