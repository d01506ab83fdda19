// A plan check without a plan must not compile.

import createClient from "openapi-fetch";
import type { paths } from "./contract";

const client = createClient<paths>({ baseUrl: "" });
await client.POST("/v1/session-plans/validate", {});
await client.POST("/v1/session-plans/validate-batch", {});
await client.POST("/v1/session-plans/compare", {});
