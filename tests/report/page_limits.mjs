// Where the page comes to its limits: phones, paper, dark, nothing to show, broken and hostile reports, very many rows.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { check, copy, keeps_house, open, open_tables, sample } from "./browser.mjs";
import { fill } from "./fill_page.mjs";

export const limits = async (browser, scratch) => {
  const all = sample("all_charts");

  // A phone: nothing wider than the screen, letters that can be read.
  for (const name of ["all_charts", "no_published", "single_gpu", "empty", "hostile"]) {
    const report = sample(name);
    const opened = await open(browser, scratch, `phone_${name}`, report, {
      context: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
    });
    await keeps_house(`${name} on a phone`, opened, report);
    await open_tables(opened.page);
    const small = await opened.page.evaluate(() =>
      [...document.querySelectorAll("svg.chart, svg.legend")].map((svg) => {
        const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
        return Math.min(
          ...[...svg.querySelectorAll("text")].map((one) => parseFloat(getComputedStyle(one).fontSize) * scale),
          99,
        );
      }),
    );
    check(
      `${name} on a phone: letters of 10 px or more`,
      small.every((size) => size >= 9.9),
      Math.min(...small),
    );
    const wide = await opened.page.evaluate(() => document.documentElement.scrollWidth);
    check(`${name} on a phone: tables scroll in their own boxes`, wide <= 360, wide);
    await opened.close();
  }

  // Paper, also of a page that is dark on screen.
  {
    const { page, close } = await open(browser, scratch, "print", all, { context: { colorScheme: "dark" } });
    const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
    check("a PDF with pages", pdf.length > 20000 && pdf.subarray(0, 5).toString() === "%PDF-");
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    const printed = await page.evaluate(() => {
      window.dispatchEvent(new Event("beforeprint"));
      const shown = (selector) =>
        [...document.querySelectorAll(selector)].filter((one) => one.getClientRects().length > 0).length;
      const cards = [...document.querySelectorAll(".card:not(.of-table)")];
      const result = {
        buttons: shown("button"),
        contents: shown(".contents"),
        whole: cards.every((card) => getComputedStyle(card).breakInside === "avoid"),
        paper: getComputedStyle(document.body).backgroundColor,
        widths: cards.map((card) => card.dataset.drawn),
        folded: document.querySelectorAll(".provenance:not([open])").length,
      };
      window.dispatchEvent(new Event("afterprint"));
      return { ...result, again: document.querySelectorAll(".provenance[open]").length };
    });
    check(
      "no buttons and no contents on paper",
      printed.buttons === 0 && printed.contents === 0,
      JSON.stringify(printed),
    );
    check("charts stay whole", printed.whole);
    check("paper is white", printed.paper === "rgb(255, 255, 255)", printed.paper);
    check(
      "charts are drawn for the width of the paper",
      printed.widths.every((width) => width === "680"),
      printed.widths.join(),
    );
    check("provenance is unfolded on paper, folded again after", printed.folded === 0 && printed.again === 0);
    await close();
  }

  // Dark.
  {
    const { page, close } = await open(browser, scratch, "dark", all, { context: { colorScheme: "dark" } });
    const [paper, ink] = await page.evaluate(() => [
      getComputedStyle(document.body).backgroundColor,
      getComputedStyle(document.querySelector("svg.chart")).color,
    ]);
    check("dark paper, light ink", paper === "rgb(20, 23, 27)" && ink === "rgb(230, 233, 237)", `${paper}, ${ink}`);
    await close();
  }

  // Nothing, broken, hostile.
  {
    const empty = sample("empty");
    const opened = await open(browser, scratch, "empty", empty);
    await keeps_house("empty", opened, empty);
    check("an empty report says so", /nothing to show yet/.test(await opened.page.textContent("main")));
    await opened.close();

    const broken = await open(browser, scratch, "broken", null, { html: fill('{"charts": [') });
    check("a broken report says so", /cannot be read/.test(await broken.page.textContent("[role=alert]")));
    check("a broken report is silent", broken.seen.length === 0, broken.seen.join(" | "));
    await broken.close();

    const hostile = sample("hostile");
    const attacked = await open(browser, scratch, "hostile", hostile);
    await open_tables(attacked.page);
    const found = await keeps_house("hostile", attacked, hostile);
    check(
      "hostile: names are shown as they are",
      found.heading === hostile.title && found.title === hostile.title.trim(),
      found.heading,
    );
    check(
      "hostile: marks that cannot be drawn are named",
      /could not|Left out: a mark/.test(await attacked.page.textContent("#chart-broken")),
    );
    for (const card of await attacked.page.locator("article.card:not(.of-table)").all()) {
      const button = card.getByText("Save SVG");
      if (!(await button.isVisible())) continue;
      const [download] = await Promise.all([attacked.page.waitForEvent("download"), button.click()]);
      const file = join(scratch, "hostile.svg");
      await download.saveAs(file);
      check(
        "hostile: the file's name is harmless",
        /^[a-z0-9_-]+\.svg$/.test(download.suggestedFilename()),
        download.suggestedFilename(),
      );
      const picture = await attacked.page.evaluate(
        (text) => {
          const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
          return !parsed.querySelector("parsererror, script, a, img, foreignObject, [onload], [onclick]");
        },
        readFileSync(file, "utf8"),
      );
      check(`hostile: a saved picture is sound and harmless (${download.suggestedFilename()})`, picture);
    }
    await keeps_house("hostile, saved", attacked, hostile);
    await attacked.close();
    // the same attack with the data put in as it is must be noticed, or the checks above see nothing
    const naive = fill('"@"').replace('"@"', () => JSON.stringify(hostile));
    const naively = await open(browser, scratch, "naive", hostile, { html: naive }).catch(() => null);
    const ran = naively && (await naively.page.evaluate(() => String(window.__attacked)));
    check("the attack works where the writer forgets to escape", ran === null || ran !== "undefined", ran);
    if (naively) await naively.close();
  }

  // 100,000 results: aggregated by the writer to some ten thousand rows, and still one file that opens fast.
  {
    const big = copy(all);
    const wanted = 100000;
    const kernels = Array.from({ length: 24 }, (_, n) => `kernel_${n}`),
      gpus = Array.from({ length: 30 }, (_, n) => `gpu_${n}`);
    const pair = (n) => [
      kernels[n % 24],
      gpus[n % 30],
      1e-5 * 1.0001 ** n,
      1.05e-5 * 1.0001 ** n,
      5,
      `batch ${n % 8}, seq ${512 << (n % 6)}`,
      "a paper",
    ];
    const scatter = copy(all.charts.find((chart) => chart.id === "predicted-observed"));
    scatter.tables[0].rows = Array.from({ length: 20000 }, (_, n) => pair(n));
    const table = copy(all.charts.find((chart) => chart.id === "accuracy"));
    table.tables[0].rows = Array.from({ length: wanted - 20000 }, (_, n) => [
      gpus[n % 30],
      kernels[n % 24],
      n,
      1.5,
      2.5,
      3.5,
      -0.5,
    ]);
    const rooflines = gpus.map((gpu) => ({ ...copy(all.charts[0]), id: `roofline-${gpu}` }));
    big.charts = [
      ...rooflines,
      scatter,
      table,
      ...all.charts.filter(
        (chart) => !["predicted-observed", "accuracy"].includes(chart.id) && !chart.id.startsWith("roofline"),
      ),
    ];
    const opened = await open(browser, scratch, "big", big);
    await keeps_house("100,000 rows", opened, big);
    check("100,000 rows: at most 10 MB", opened.bytes <= 10e6, opened.bytes);
    check("100,000 rows: drawn within 20 s on a busy machine", opened.milliseconds < 20000, opened.milliseconds);
    console.log(
      `100,000 rows: ${(opened.bytes / 1e6).toFixed(1)} MB, ${big.charts.length} charts drawn in ${opened.milliseconds} ms`,
    );
    await opened.close();
  }
};
