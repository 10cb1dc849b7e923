// Parses every Adaptive Card with the vendor's renderer at its declared version; any parse event is an error.
// With a second argument, draws the ordinary message of every chat kind in headless Chromium into that folder.
const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');
const work = process.argv[2];
const need = createRequire(path.join(work, 'package.json'));
const script = path.join(work, 'node_modules/adaptivecards/dist/adaptivecards.js');
const AC = need(script);

function problems(card) {
  const context = new AC.SerializationContext(AC.Versions.v1_4);
  const parsed = new AC.AdaptiveCard();
  parsed.parse(card, context);
  const events = [];
  for (let at = 0; at < context.eventCount; at += 1) events.push(context.getEventAt(at).message);
  return events.concat(parsed.validateProperties().validationEvents.map((event) => event.message));
}

const cards = fs.readdirSync(path.join(work, 'checks')).filter((name) => name.startsWith('card-'));
let failed = false;
for (const name of cards) {
  const found = problems(JSON.parse(fs.readFileSync(path.join(work, 'checks', name), 'utf8')));
  console.log(`adaptivecards ${name}: ${found.length ? found.join('; ') : 'ok'}`);
  failed ||= found.length > 0;
}

async function draw(folder) {
  const { chromium } = need('playwright-core');
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: { width: 640, height: 300 } });
  for (const name of fs.readdirSync(path.join(work, 'checks')).filter((file) => file.startsWith('page-'))) {
    await page.setContent(fs.readFileSync(path.join(work, 'checks', name), 'utf8'));
    await page.screenshot({ path: path.join(folder, `${name.slice(5, -5)}.png`), fullPage: true });
  }
  await page.setContent('<body style="margin:12px;background:#f5f5f5"><div id="card" style="background:#fff;border-radius:6px"></div></body>');
  await page.addScriptTag({ path: script });
  await page.evaluate((card) => {
    const shown = new AdaptiveCards.AdaptiveCard();
    shown.hostConfig = new AdaptiveCards.HostConfig({ fontFamily: 'Noto Sans, Segoe UI, sans-serif' });
    shown.parse(card);
    document.getElementById('card').appendChild(shown.render());
  }, JSON.parse(fs.readFileSync(path.join(work, 'checks/card-ordinary.json'), 'utf8')));
  await page.screenshot({ path: path.join(folder, 'teams.png'), fullPage: true });
  await browser.close();
}

(async () => {
  if (process.argv[3]) await draw(process.argv[3]);
  process.exit(failed ? 1 : 0);
})();
