// The browser that the page is tested in, and what every page of every report has to keep to.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fill } from "./fill_page.mjs";

const here = dirname(fileURLToPath(import.meta.url));
export const sample = (name) => JSON.parse(readFileSync(join(here, "samples", `${name}.json`), "utf8"));

export const failures = [];
// check(WHAT, CONDITION, DETAIL): notes a failure and goes on
export const check = (what, condition, detail = "") => {
  if (!condition) failures.push(`${what}${detail === "" ? "" : `: ${detail}`}`);
  return condition;
};

export const start = async (modules, executable) => {
  const { chromium } = createRequire(join(modules, "/"))("playwright-core");
  return chromium.launch({ executablePath: executable });
};

// Puts a report into a page, opens it from disk and waits until every chart is drawn. `seen` gathers what must not be.
export const open = async (browser, scratch, name, report, options = {}) => {
  const file = join(scratch, `${name}.html`);
  const html = options.html ?? fill(JSON.stringify(report));
  writeFileSync(file, html);
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    acceptDownloads: true,
    ...options.context,
  });
  const page = await context.newPage();
  const address = pathToFileURL(file).href;
  const seen = [];
  page.on("console", (message) => seen.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => seen.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    seen.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = request.url();
    if (url.split("#")[0] !== address && !url.startsWith("blob:")) seen.push(`request: ${url}`);
  });
  page.on("framenavigated", (frame) => {
    if (frame.url().split("#")[0] !== address) seen.push(`went to ${frame.url()}`);
  });
  await page.addInitScript(() => {
    window.__violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
      window.__violations.push(`${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  const started = Date.now();
  await page.goto(address);
  await page.waitForFunction(() => document.documentElement.dataset.charts === "drawn", null, { timeout: 60000 });
  return {
    page,
    seen,
    bytes: Buffer.byteLength(html),
    milliseconds: Date.now() - started,
    close: () => context.close(),
  };
};

export const copy = (value) => JSON.parse(JSON.stringify(value));

// Unfolds every table, to its last row.
export const open_tables = (page) =>
  page.evaluate(() => {
    for (const button of document.querySelectorAll("button[aria-controls][aria-expanded=false]")) button.click();
    for (let more; (more = document.querySelector("button.more:not([hidden])"));) more.click();
  });

// What holds for every page: silence, no attack, every chart drawn or said why not, texts where they belong.
export const keeps_house = async (name, { page, seen }, report) => {
  check(`${name}: the page is silent`, seen.length === 0, seen.slice(0, 5).join(" | "));
  const found = await page.evaluate(() => ({
    attacked: String(window.__attacked),
    violations: window.__violations,
    scripts: document.scripts.length,
    strangers: document.querySelectorAll(
      "body :is(img, iframe, object, embed, base, link, meta, form, foreignObject, audio, video), " +
        "body style:not(svg style), a:not([href^='#'])",
    ).length,
    handlers: [...document.querySelectorAll("*")].filter((one) =>
      [...one.attributes].some(({ name: n, value }) => n.startsWith("on") || /^\s*javascript:/i.test(value)),
    ).length,
    title: document.title,
    heading: document.querySelector("h1")?.textContent,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    ids: [...document.querySelectorAll("[id]")].map((one) => one.id),
    cards: [...document.querySelectorAll("article.card")].map((card) => {
      const svg = card.querySelector("svg.chart");
      return {
        id: card.id,
        failed: card.dataset.failed ?? "",
        table: card.classList.contains("of-table"),
        tables: card.querySelectorAll("figure table").length,
        nothing: card.querySelector(".nothing")?.textContent ?? "",
        role: svg?.getAttribute("role"),
        label: svg?.getAttribute("aria-label"),
        painted:
          svg?.querySelectorAll(".dot > *, .line > *, .area > *, .bar > *, .cell > *, .rule > *, .anchor > *").length ??
          0,
        bad: svg ? /NaN|undefined|Infinity/.test(svg.outerHTML.replace(/>[^<]*</g, "><")) : false,
      };
    }),
  }));
  check(`${name}: nothing of the database ran`, found.attacked === "undefined", found.attacked);
  check(`${name}: nothing tried to`, found.violations.length === 0, found.violations.join(" | "));
  check(`${name}: three script elements`, found.scripts === 3, found.scripts);
  check(`${name}: no element of the database's`, found.strangers === 0, found.strangers);
  check(`${name}: no handler in an attribute`, found.handlers === 0, found.handlers);
  check(`${name}: identifiers are unique`, new Set(found.ids).size === found.ids.length);
  check(`${name}: the page is as wide as the window`, found.wide <= 0, `${found.wide} px more`);
  check(
    `${name}: a card for each chart`,
    found.cards.length === report.charts.length,
    `${found.cards.length} of ${report.charts.length}`,
  );
  for (const card of found.cards) {
    const what = `${name}, ${card.id}`;
    check(`${what}: could be drawn`, card.failed === "", card.failed);
    if (card.table) check(`${what}: has its table`, card.tables > 0);
    else check(`${what}: shows something, or says why not`, card.painted > 0 || card.nothing !== "");
    if (card.role) check(`${what}: is an image with words`, card.role === "img" && card.label);
    check(`${what}: every place is a number`, !card.bad);
  }
  return found;
};
