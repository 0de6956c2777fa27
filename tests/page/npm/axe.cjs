// Looks at pages as axe does, light and dark, wide and narrow; prints what is wrong, an array of lines in JSON.
// Called with the browser's program and the addresses of the pages.
'use strict';

const fs = require('node:fs');
const { chromium } = require('playwright-core');

const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const args = [
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--disable-dev-shm-usage',
];

async function look(browser, address, colorScheme, width) {
  const where = `${address} (${colorScheme}, ${width} px)`;
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 } });
  const wrong = [];
  page.on('console', (message) => wrong.push(`${where}: console: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(`${where}: error: ${error}`));
  page.on('request', (request) => {
    if (request.url() !== address && !request.url().startsWith('data:')) wrong.push(`${where}: asks for ${request.url()}`);
  });
  await page.goto(address);
  // What is folded away is looked at, too.
  await page.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true; }));
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (over > 0) wrong.push(`${where}: ${over} px too wide`);
  await page.evaluate(axe);
  const seen = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  for (const rule of seen.violations) {
    for (const node of rule.nodes) wrong.push(`${where}: ${rule.id}: ${node.html.slice(0, 200)}: ${node.failureSummary}`);
  }
  if (seen.passes.length < 15) wrong.push(`${where}: only ${seen.passes.length} rules were looked at`);
  await page.close();
  return wrong;
}

async function main([program, ...addresses]) {
  const browser = await chromium.launch({ executablePath: program, chromiumSandbox: false, args });
  const wrong = [];
  for (const address of addresses) {
    for (const scheme of ['light', 'dark']) {
      for (const width of [320, 1000]) wrong.push(...(await look(browser, address, scheme, width)));
    }
  }
  await browser.close();
  console.log(JSON.stringify(wrong));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
