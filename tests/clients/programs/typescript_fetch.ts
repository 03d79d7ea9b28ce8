// Use openapi-generator's TypeScript client: arguments are a URL and the rows; prints what it received.
import { Configuration, DefaultApi, InstancesFromJSON, ProblemDetailsFromJSON, ResponseError, TokenProblemDetailsFromJSON } from "./client/index.js";

const [basePath, text] = process.argv.slice(2);
const rows = JSON.parse(text!);
const body = (key: string) => ({ instances: InstancesFromJSON({ instances: rows[key] }) });

async function refusal(request: Promise<unknown>): Promise<Response> {
  try {
    await request;
  } catch (error) {
    if (error instanceof ResponseError) return error.response;
    throw error;
  }
  throw new Error("it was accepted");
}

const anonymous = new DefaultApi(new Configuration({ basePath }));
const granted = await anonymous.token({ username: "abi", password: "password" });
const api = new DefaultApi(new Configuration({ basePath, accessToken: granted.accessToken }));
const refused = await refusal(api.predict(body("bad")));
const problem = ProblemDetailsFromJSON(await refused.json());
const unknown = await refusal(anonymous.token({ username: "abi", password: "wrong" }));
console.log(
  JSON.stringify({
    ready: (await api.healthReady()).status,
    features: (await api.model()).features.map((feature) => feature.name),
    one: (await api.predict(body("one"))).predictions,
    two: (await api.predict(body("two"))).predictions,
    classes: (await api.predictClass(body("two"))).predictions,
    status: refused.status,
    pointers: problem.errors?.map((field) => field.pointer),
    "wrong password": TokenProblemDetailsFromJSON(await unknown.json()).error,
  }),
);
