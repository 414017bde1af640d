// What every page is held to, whoever looks at it.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'
import { executable } from './chromium.mjs'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

// The widths of a desk and of an old phone.
const widths = [{ width: 1280, height: 900 }, { width: 320, height: 640 }]

export async function launch () {
  // Chromium's sandbox does not work for root, as whom CI runs.
  return chromium.launch({ executablePath: await executable(), args: process.getuid() === 0 ? ['--no-sandbox'] : [] })
}

// Visitor is somebody at a browser of their own, which notes what must not
// happen: requests to other hosts, complaints of the content security policy,
// errors of scripts.
export class Visitor {
  constructor (context, base, scripts) {
    Object.assign(this, { context, base, scripts, faults: [], seen: new Set() })
  }

  static async open (browser, base, scripts) {
    const context = await browser.newContext({ javaScriptEnabled: scripts, locale: 'en-GB' })
    const visitor = new Visitor(context, base, scripts)
    visitor.page = await context.newPage()
    visitor.page.on('request', r => { if (new URL(r.url()).host !== new URL(base).host) visitor.faults.push(`asked ${r.url()}`) })
    visitor.page.on('pageerror', e => visitor.faults.push(`script: ${e.message}`))
    visitor.page.on('console', m => { if (m.type() === 'error' && !m.text().includes('the server responded with a status of')) visitor.faults.push(`console: ${m.text()}`) })
    return visitor
  }

  async goto (path) {
    await this.page.goto(this.base + path)
    return this.look()
  }

  // press presses a button or follows a link by its name, and looks at the page
  // that comes.
  async press (role, name, within = this.page) {
    await Promise.all([this.page.waitForEvent('load'), within.getByRole(role, { name }).first().click()])
    return this.look()
  }

  // look holds the page to its rules; each kind of page once.
  async look () {
    const kind = new URL(this.page.url()).pathname.replace(/\/[a-z]{2}[a-z2-7]{20}/g, '/{id}')
    if (this.seen.has(kind)) return
    this.seen.add(kind)
    assert.equal(await this.page.locator('h1').count(), 1, `${kind} has one heading`)
    assert.ok((await this.page.title()).length > 0, `${kind} has a title`)
    for (const size of widths) {
      await this.page.setViewportSize(size)
      const wide = await this.page.locator('html').evaluate(e => e.scrollWidth)
      assert.ok(wide <= size.width, `${kind} is ${wide} wide at ${size.width}`)
      if (this.scripts) await this.#axe(`${kind} at ${size.width}`)
    }
    await this.page.setViewportSize(widths[0])
  }

  async #axe (where) {
    await this.page.evaluate(axe)
    const { violations } = await this.page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
    assert.deepEqual(violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).join(', ')}`), [], `axe on ${where}`)
  }

  async signIn (person, code) {
    await this.goto('/sign-in')
    await this.page.getByLabel('Name', { exact: true }).fill(person.login)
    await this.page.getByLabel('Passphrase', { exact: true }).fill(person.passphrase)
    if (code) await this.page.locator('input[name=code]').fill(code)
    await this.press('button', 'Sign in', this.page.locator('main'))
  }

  async close () {
    await this.context.close()
    assert.deepEqual(this.faults, [])
  }
}
