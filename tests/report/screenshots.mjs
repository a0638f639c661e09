// Two pictures of a report for the README: a roofline on a desk, and predicted beside published times on a phone in the dark.
//
//   node screenshots.mjs MODULES CHROMIUM REPORT.html FOLDER
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { start } from "./browser.mjs";

const [modules, executable, report, folder] = process.argv.slice(2);
const browser = await start(modules, executable);
const shoot = async (file, chart, context) => {
  const page = await (await browser.newContext(context)).newPage();
  await page.goto(pathToFileURL(report).href);
  await page.waitForFunction(() => document.documentElement.dataset.charts === "drawn", null, { timeout: 60000 });
  // twice: charts above may be drawn only now
  for (let n = 0; n < 2; ++n) {
    await page.evaluate((id) => document.getElementById(`chart-${id}`).scrollIntoView({ behavior: "instant" }), chart);
    await page.waitForTimeout(300);
  }
  await page.screenshot({ path: join(folder, file) });
};
await shoot("report.png", "roofline-a100_sxm4_80gb", { viewport: { width: 1200, height: 720 } });
await shoot("report_phone.png", "against-observed-predicted-hierarchical", {
  viewport: { width: 390, height: 780 },
  isMobile: true,
  hasTouch: true,
  colorScheme: "dark",
});
await browser.close();
