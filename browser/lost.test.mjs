// A picture or a sound that does not come is one sentence in its place, whenever it
// fails; one that comes stays.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { launch } from './look.mjs'

const html = `<!doctype html><html lang="en"><title>x</title><body><main>
<img id="gone" alt="Photo 1" src="/gone" data-may-fail><p hidden>not shown</p>
<img id="here" alt="Photo 2" src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=" data-may-fail><p hidden>not shown</p>
<audio id="sound" controls preload="none" src="/gone" data-may-fail></audio><p hidden>not played</p>
</main><script type="module" src="/app.js"></script></body></html>`

test('what does not come is said in its place', async () => {
  const app = await readFile(new URL('../web/assets/dist/app.js', import.meta.url), 'utf8')
  const browser = await launch()
  try {
    const page = await browser.newPage()
    await page.route('**/*', route => {
      const { pathname } = new URL(route.request().url())
      if (pathname === '/app.js') return route.fulfill({ contentType: 'text/javascript', body: app })
      if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: html })
      return route.fulfill({ status: 500, contentType: 'text/html', body: 'no' })
    })
    await page.goto('http://letters.test/')
    await page.locator('#gone + p').waitFor({ state: 'visible' })
    assert.equal(await page.locator('#gone').isVisible(), false)
    assert.equal(await page.locator('#here + p').isVisible(), false)
    assert.equal(await page.locator('#sound').isVisible(), true, 'nobody pressed it yet')
    await page.locator('#sound').evaluate(sound => sound.play().catch(() => {}))
    await page.locator('#sound + p').waitFor({ state: 'visible' })
    assert.equal(await page.locator('#sound').isVisible(), false)
  } finally {
    await browser.close()
  }
})
