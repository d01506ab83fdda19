// One journey with the client that openapi-typescript and openapi-fetch make: list, resolve, validate, read a 400,
// send a key.

import createClient from "openapi-fetch";
import type { components, paths } from "./contract";

type Plan = components["schemas"]["Plan"];

// An answer may come as JSON-LD, too, where it is asked for.
type Read = "application/json" | "application/problem+json";
const client = createClient<paths, Read>({ baseUrl: process.argv[2] ?? "" });

function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
  console.log(`TypeScript: ${what}`);
}

const limits = await client.GET("/v1/session-limits", {
  params: { query: { applies_to_product: "asclera", applies_to_jurisdiction: "US" } },
});
check(limits.data !== undefined && limits.data.items.some((row) => row.slug === "clinic-session-volume-max"), "lists");

const binding = await client.GET("/v1/session-limits/resolve", { params: { query: { product: "asclera", form: "liquid" } } });
check(binding.data?.binding?.bound?.value === "10", "resolves");

const plan: Plan = { sessions: [{ treatments: [{ area: "leg", amount: { value: "12", unit: "cc" } }] }] };
const answer = await client.POST("/v1/session-plans/validate", { body: plan });
const verdict: components["schemas"]["Verdict"] | undefined = answer.data?.verdict;
check(verdict === "outside_limits" && answer.data?.findings[0]?.observed?.value === "12", "validates");

const wrong = await client.POST("/v1/session-plans/validate", {
  body: { sessions: [{ treatments: [{ area: "lge", amount: { value: "12", unit: "mL" } }] }] },
});
const problem: components["schemas"]["Problem"] | undefined = wrong.error;
check(wrong.response.status === 400 && problem?.code === "invalid_plan", "reads a 400");
check(problem.errors?.[0]?.pointer === "/sessions/0/treatments/0/area", "reads its faults");

const key = createClient<paths, Read>({ baseUrl: process.argv[2] ?? "", headers: { Authorization: `Bearer ${process.argv[3]}` } });
const nobody = await client.GET("/v1/whoami");
const caller = await key.GET("/v1/whoami");
check(nobody.data?.partner === null && caller.data?.partner === "clinic-apps", "sends a key");
