// Puts a report into the page, exactly as the C++ writer does; that one replaces this script where it is built.
//
//   node fill_page.mjs REPORT.json PAGE.html
//
// analysis/report/README.md says what is done; parts.txt beside it, which file goes where.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const assets = join(dirname(fileURLToPath(import.meta.url)), "../../analysis/report");

// placeholder -> its files, in order
export const parts = () => {
  const result = new Map();
  for (const line of readFileSync(join(assets, "parts.txt"), "utf8").split("\n")) {
    const [name, file] = line.split(/\s+/);
    if (!name || name === "#") continue;
    result.set(name, [...(result.get(name) ?? []), file]);
  }
  return result;
};

// JSON text that cannot end its element, whatever stands in it.
export const embeddable = (json) => json.replaceAll("<", "\\u003c");

export const fill = (json) => {
  const texts = new Map([["data", embeddable(json)]]);
  for (const [name, files] of parts()) {
    texts.set(name, files.map((file) => readFileSync(join(assets, file), "utf8")).join("\n"));
  }
  // One pass over the skeleton: what is put in is never looked at again.
  return readFileSync(join(assets, "page.html"), "utf8").replace(/\{\{([a-z]+)\}\}/g, (_, name) => {
    if (!texts.has(name)) throw new Error(`page.html asks for ${name}, which parts.txt does not have`);
    return texts.get(name);
  });
};

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [from, to] = process.argv.slice(2);
  writeFileSync(to, fill(JSON.stringify(JSON.parse(readFileSync(from, "utf8")))));
}
