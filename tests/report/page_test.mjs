// The report page in a browser: every kind of chart drawn with the report's values, nothing asked of the network,
// nothing of a hostile database run, readable on a phone and on paper.
//
//   node page_test.mjs MODULES CHROMIUM SCRATCH [PROGRAM]      browser_test.sh finds the first two
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { check, copy, failures, keeps_house, open, open_tables, sample, start } from "./browser.mjs";
import { limits } from "./page_limits.mjs";
import { make_pages } from "./program.mjs";
import { differences, read_page } from "./values.mjs";

const [modules, executable, scratch, program] = process.argv.slice(2);
const browser = await start(modules, executable);
const all = sample("all_charts");

// Values: those of the report, and a check that would notice if they were not.
for (const name of ["all_charts", "no_published", "single_gpu"]) {
  const report = sample(name);
  const opened = await open(browser, scratch, name, report);
  await keeps_house(name, opened, report);
  await open_tables(opened.page);
  const found = await opened.page.evaluate(read_page);
  const wrong = differences(found, report);
  check(`${name}: values are the report's`, wrong.length === 0, wrong.slice(0, 5).join(" | "));
  if (name === "all_charts") {
    const planted = [
      [
        "a rate twice as high",
        (r) => {
          r.charts[0].tables[2].rows[0][3] *= 2;
        },
      ],
      [
        "a time 10 % longer",
        (r) => {
          r.charts.find((c) => c.id === "crossover-a100").tables[0].rows[3][2] *= 1.1;
        },
      ],
      [
        "a point too few",
        (r) => {
          r.charts.find((c) => c.id === "predicted-observed").tables[0].rows.pop();
        },
      ],
      [
        "a bar that is 10 % higher",
        (r) => {
          r.charts.find((c) => c.id === "time-stack").tables[0].rows[0][3] *= 1.1;
        },
      ],
      [
        "a cell elsewhere",
        (r) => {
          r.charts.find((c) => c.id === "tiles-flash2").tables[0].rows[0][0] = 64;
        },
      ],
      [
        "a last digit",
        (r) => {
          r.charts.find((c) => c.id === "accuracy").tables[0].rows[0][3] += 1e-4;
        },
      ],
      [
        "an axis in other units",
        (r) => {
          r.charts[0].tables.forEach((t) =>
            t.rows.forEach((row) =>
              row.forEach((v, n) => {
                if (t.columns[n].unit === "FLOP/s") row[n] = v * 1000;
              }),
            ),
          );
        },
      ],
    ];
    for (const [what, change] of planted) {
      const other = copy(report);
      change(other);
      check(`the comparison notices ${what}`, differences(found, other).length > 0);
    }
  }
  await opened.close();
}

// The program's own pages; that their data is the database's is program_test.mjs's business.
for (const { name, html, json } of program ? make_pages(program, scratch) : []) {
  const report = JSON.parse(json);
  const opened = await open(browser, scratch, `program_${name}`, report, { html });
  await keeps_house(`program's ${name}`, opened, report);
  await open_tables(opened.page);
  const wrong = differences(await opened.page.evaluate(read_page), report);
  check(`program's ${name}: values are the report's`, wrong.length === 0, wrong.slice(0, 5).join(" | "));
  await opened.close();
}

// Look: roofs, dashes, labels, second signs.
{
  const { page, close } = await open(browser, scratch, "look", all);
  const roofline = await page.evaluate(() => {
    const svg = document.querySelector("#chart-roofline-a100_sxm4_80gb svg.chart");
    const lines = [...svg.querySelectorAll(".line")];
    const legend = document.querySelector("#chart-roofline-a100_sxm4_80gb svg.legend")?.textContent ?? "";
    return {
      solid: lines.filter((one) => !one.getAttribute("stroke-dasharray")).length,
      dashed: lines.filter((one) => one.getAttribute("stroke-dasharray")).length,
      labels: [...svg.querySelectorAll(".labels text")].map((one) => ({
        text: one.textContent,
        turned: /rotate/.test(one.getAttribute("transform")),
      })),
      legend,
    };
  });
  check(
    "five solid roofs, four dashed",
    roofline.solid === 5 && roofline.dashed === 4,
    `${roofline.solid}, ${roofline.dashed}`,
  );
  for (const row of all.charts[0].tables.slice(0, 2).flatMap((table) => table.rows)) {
    check(
      `the roof "${row[3]}" is named`,
      roofline.labels.some((one) => one.text === row[3]) || roofline.legend.includes(row[3]),
    );
  }
  check(
    "diagonals are labelled along their slope",
    roofline.labels.some((one) => one.turned && /^DRAM 2039 GB\/s/.test(one.text)),
  );
  check(
    "the ridge is marked",
    roofline.labels.some((one) => /^ridge 153/.test(one.text)),
  );
  for (const word of ["DRAM", "L2", "standard", "flash2"])
    check(`${word} is in the legend`, roofline.legend.includes(word));
  const apart = await page.evaluate(() =>
    [...document.querySelectorAll("svg.chart")]
      .map((svg) => {
        const boxes = [...svg.querySelectorAll(".labels text, [aria-label$='tick label'] text")]
          .map((one) => ({
            text: one.textContent,
            box: one.getBoundingClientRect(),
            turned: /rotate/.test(one.getAttribute("transform")),
          }))
          .filter((one) => !one.turned && one.text);
        return boxes.flatMap((a, n) =>
          boxes
            .slice(n + 1)
            .filter(
              (b) =>
                a.box.left < b.box.right - 1 &&
                b.box.left < a.box.right - 1 &&
                a.box.top < b.box.bottom - 3 &&
                b.box.top < a.box.bottom - 3,
            )
            .map((b) => `${svg.closest("article").id}: ${a.text} on ${b.text}`),
        );
      })
      .flat(),
  );
  check("labels keep off each other", apart.length === 0, apart.join(" | "));
  const alike = await page.evaluate(() =>
    [...document.querySelectorAll("svg.chart")].map((svg) => {
      const bars = [...new Set([...svg.querySelectorAll(".bar")].map((one) => one.getAttribute("fill")))];
      const hatches = bars.map(
        (fill) => svg.querySelector(`[id="${fill.slice(5, -1)}"] path`)?.getAttribute("d") ?? "solid",
      );
      return new Set(hatches).size === hatches.length;
    }),
  );
  check(
    "bars differ in more than colour",
    alike.every((one) => one),
  );

  // a tip says what the point is; the keyboard opens the table
  const dot = page.locator("#chart-predicted-observed .dot > *").first();
  await dot.scrollIntoViewIfNeeded();
  await dot.hover({ force: true });
  await page
    .waitForFunction(
      () =>
        [...document.querySelectorAll("#chart-predicted-observed [aria-label=tip] text")].some((one) =>
          /published: .* (µs|ms|s)/.test(one.textContent),
        ),
      null,
      { timeout: 5000 },
    )
    .catch(() => check("a tip shows the values of a point", false));
  const button = page.locator("#chart-crossover-a100 button", { hasText: "Show as table" });
  await button.focus();
  await page.keyboard.press("Enter");
  check(
    "Enter shows the table",
    (await button.count()) === 0 && (await page.locator("#table-crossover-a100 table").count()) === 2,
  );
  check("the button says so", (await page.locator("#chart-crossover-a100 button[aria-expanded=true]").count()) === 1);
  await page.keyboard.press("Enter");
  check("and hides it", await page.locator("#table-crossover-a100").isHidden());
  const order = await page.evaluate(() =>
    [...document.querySelectorAll(".contents a")].every((one) =>
      document.getElementById(one.getAttribute("href").slice(1)),
    ),
  );
  check("the contents lead somewhere", order);
  await close();
}

// Saved pictures: complete by themselves.
{
  const opened = await open(browser, scratch, "save", all, { context: { colorScheme: "dark" } });
  const { page } = opened;
  for (const card of await page.locator("article.card:not(.of-table)").all()) {
    const id = await card.getAttribute("id");
    const [download] = await Promise.all([page.waitForEvent("download"), card.getByText("Save SVG").click()]);
    check(
      `${id}: the file is named after the chart`,
      download.suggestedFilename() === `${id.slice(6)}.svg`,
      download.suggestedFilename(),
    );
    const file = join(scratch, download.suggestedFilename());
    await download.saveAs(file);
    const svg = readFileSync(file, "utf8");
    check(
      `${id}: the picture needs no style sheet and no script`,
      !/var\(--[sprif]|<script|href|NaN/.test(svg.replace(/--plot-background/g, "")),
    );
    check(`${id}: white paper, whatever the page has`, /<rect width="100%" height="100%" fill="#ffffff"/.test(svg));
    const alone = await page.evaluate((text) => {
      const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
      const hatches = [...text.matchAll(/url\(#([^)]*)\)/g)].every(([, name]) => parsed.getElementById(name));
      return {
        sound: !parsed.querySelector("parsererror"),
        hatches,
        title: parsed.querySelector("title")?.textContent,
        painted: parsed.querySelectorAll(".dot > *, .line > *, .bar > *, .cell > *").length,
      };
    }, svg);
    check(
      `${id}: a sound picture`,
      alone.sound && alone.hatches && alone.title && alone.painted > 0,
      JSON.stringify(alone),
    );
  }
  await keeps_house("save", opened, all);
  await opened.close();
}

await limits(browser, scratch);
await browser.close();
for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(failures.length === 0 ? "the page keeps its promises" : `${failures.length} failures`);
process.exit(failures.length === 0 ? 0 : 1);
