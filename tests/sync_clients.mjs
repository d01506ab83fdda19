// Follows the feed of changes, a step for each line of its input, and says in the end what it holds.
//
// Each step reads page after page until there is no more; an address that was read before is asked for with its ETag.

import { createHash } from "node:crypto";
import { createInterface } from "node:readline";

const [base] = process.argv.slice(2);
const etags = new Map();
const bodies = new Map();
const rows = new Map();
let path = "/v1/changes?after=0";
let page = { resources: [], digest: "" };
let unchanged = 0;

async function read(address) {
  const headers = etags.has(address) ? { "If-None-Match": etags.get(address) } : {};
  const answer = await fetch(base + address, { headers });
  if (answer.status === 304) {
    unchanged += 1;
    return bodies.get(address);
  }
  if (answer.status !== 200) throw new Error(`${address}: ${answer.status} ${await answer.text()}`);
  etags.set(address, answer.headers.get("ETag"));
  bodies.set(address, await answer.json());
  return bodies.get(address);
}

async function catchUp() {
  do {
    page = await read(path);
    for (const change of page.items) {
      const key = `${change.resource}/${change.slug}`;
      if (change.action === "withdrawn") rows.delete(key);
      else if (change.row !== null) rows.set(key, change);
    }
    path = page.next;
  } while (page.more);
}

// RFC 8785 for what content has: texts, whole numbers, true, false, null, lists and objects.
function canonical(node) {
  if (Array.isArray(node)) return `[${node.map(canonical).join(",")}]`;
  if (node === null || typeof node !== "object") return JSON.stringify(node);
  const members = Object.keys(node).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(node[name])}`).join(",")}}`;
}

function held() {
  const content = Object.fromEntries(page.resources.map((name) => [name, []]));
  for (const change of rows.values()) content[change.resource].push(change.row);
  for (const list of Object.values(content)) list.sort((a, b) => (a.slug < b.slug ? -1 : 1));
  return createHash("sha256").update(canonical(content)).digest("hex");
}

for await (const _ of createInterface({ input: process.stdin })) {
  await catchUp();
  console.log(JSON.stringify({ release: page.release, told: page.digest, held: held(), rows: rows.size, unchanged }));
}
