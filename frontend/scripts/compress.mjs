// A gzipped twin beside every text of the export: the web server sends it as it is.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

for (const entry of await readdir("out", { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(js|css|html|svg|json|txt)$/.test(entry.name)) continue;
  const file = `${entry.parentPath}/${entry.name}`;
  await writeFile(`${file}.gz`, gzipSync(await readFile(file), { level: 9 }));
}
