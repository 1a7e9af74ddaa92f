// Types of the API and of the live messages from interface/*.json; --check says whether they are up to date.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";
import openapi, { astToString } from "openapi-typescript";

const HEAD = "// Generated from interface/ by `npm run generate`: not edited by hand.\n\n";

async function messages() {
  const schema = JSON.parse(await readFile("interface/messages.json", "utf8"));
  // Names are used as they are in the code; titles of single fields would become types of their own.
  const plain = (node) => {
    if (Array.isArray(node)) return node.map(plain);
    if (node === null || typeof node !== "object") return node;
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, plain(value)]));
  };
  const root = { title: "Interface", type: "object", additionalProperties: false, required: ["Frame", "Payloads"], properties: { Frame: { $ref: "#/$defs/Frame" }, Payloads: { $ref: "#/$defs/Payloads" } }, $defs: plain(schema.$defs) };
  return compile(root, "Interface", { bannerComment: "", additionalProperties: false, format: false, unknownAny: true });
}

async function api() {
  return astToString(await openapi(new URL("../interface/openapi.json", import.meta.url)));
}

const made = { "generated/api.ts": HEAD + (await api()), "generated/messages.ts": HEAD + (await messages()) };
const stale = [];
await mkdir("generated", { recursive: true });
for (const [name, text] of Object.entries(made)) {
  const known = await readFile(name, "utf8").catch(() => "");
  if (known === text) continue;
  stale.push(name);
  if (!process.argv.includes("--check")) await writeFile(name, text);
}
if (stale.length && process.argv.includes("--check")) {
  console.error(`${stale.join(", ")}: not what interface/ says. Run: npm run generate`);
  process.exit(1);
}
console.log(stale.length ? `written: ${stale.join(", ")}` : "up to date");
