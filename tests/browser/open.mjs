// Opens a report in headless Chromium, uses it as a reader would, and prints what happened as JSON.
// usage: node open.mjs REPORT.html [PICTURE_PREFIX]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [page_path, pictures] = process.argv.slice(2);
const address = pathToFileURL(page_path).href;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const result = { errors: [], requests: [], axe: {} };

async function open(options) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 1000 }, ...options });
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && result.errors.push(message.text()));
  page.on("pageerror", (error) => result.errors.push(String(error)));
  page.on("request", (request) => request.url() !== address && result.requests.push(request.url()));
  page.on("dialog", (dialog) => result.errors.push(`dialog: ${dialog.message()}`) && dialog.dismiss());
  await page.goto(address);
  return page;
}

async function check(page, name) {
  // the page's own policy forbids foreign scripts, so the checker comes in through the driver's own world
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
  await session.send("Runtime.evaluate", { expression: axe, contextId: executionContextId });
  const { result: found } = await session.send("Runtime.evaluate", {
    expression: "axe.run().then((r) => JSON.stringify([r.passes.length, r.violations.map((v) => [v.impact, v.id, v.nodes[0].html])]))",
    contextId: executionContextId,
    awaitPromise: true,
    returnByValue: true,
  });
  [result.axe_passes, result.axe[name]] = JSON.parse(found.value);
}

const visible = (page) => page.locator("#findings-table tbody tr:visible");
const ports = async (page) => (await visible(page).locator("th").allTextContents()).map((text) => text.trim());

for (const [name, options] of [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["mobile", { viewport: { width: 390, height: 844 } }],
]) {
  const page = await open(options);
  await check(page, name);
  result[`${name}_overflow`] = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
  if (pictures) await page.screenshot({ path: `${pictures}-${name}.png` });
  await page.context().close();
}

const page = await open({});
result.scripts = await page.evaluate("document.querySelectorAll('script').length");
if (await page.locator("#findings-table").count()) {
  result.all = await ports(page);
  await page.getByRole("button", { name: "Port" }).focus();
  await page.keyboard.press("Enter");
  result.down = await ports(page);
  result.sorted = await page.locator("th[aria-sort]").evaluateAll((all) => all.map((th) => [th.textContent, th.ariaSort]));
  await page.keyboard.press("Enter");
  result.up = await ports(page);
  await page.getByLabel("Search").fill("remote DESKTOP");
  result.searched = await ports(page);
  result.told = await page.locator("#shown").textContent();
  await page.getByLabel("Search").fill("");
  await page.locator("#filter-severity").selectOption({ label: "high or worse" });
  result.severe = await ports(page);
  await page.locator("#filter-severity").selectOption("");
  await page.getByLabel("Only changes").check();
  result.changed = await ports(page);
  await page.getByLabel("Only changes").uncheck();
  await visible(page).first().locator("th a").click();
  result.anchor = new URL(page.url()).hash;
  result.target = await page.evaluate("document.querySelector(':target')?.tagName");
}
await page.pdf().then((pdf) => (result.pdf = pdf.length));
await browser.close();
console.log(JSON.stringify(result));
