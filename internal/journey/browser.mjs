// The walker's browser: a Chromium that reaches nothing but this machine, and
// people in it, each with a browser of their own. Whatever a page must never do
// is noted while they walk; check() looks at the page where they stand.
import { mkdir } from 'node:fs/promises'
import { readFileSync, readdirSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { chromium } from 'playwright-core'
import { executable } from '../../browser/chromium.mjs'
import { axe, elementRules, kinds, largeLetters, runAxe, sideways } from './rules.mjs'

/** What the Go test tells: addresses, people, mode. */
export const brief = JSON.parse(process.env.JOURNEY)

/** The sizes of a desk and of an old phone. */
export const wide = { width: 1280, height: 900 }
export const narrow = { width: 320, height: 640 }

// Long, since the machine may be busy with other tests. Nothing waits for the
// clock: each step waits for an element or a page.
const patience = Number(process.env.JOURNEY_PATIENCE ?? 60) * 1000

// The catalogues of words, so that a sentence can be said better without
// telling the tests.
const catalogue = {}
const words = new URL('../../web/words/en/', import.meta.url)
for (const name of readdirSync(words)) Object.assign(catalogue, JSON.parse(readFileSync(new URL(name, words), 'utf8')))

/** say gives the words of a key as a page shows them. */
export function say (key, data = {}) {
  const text = catalogue[key]
  if (typeof text !== 'string') throw new Error(`no words for ${key}`)
  return text.replace(/{{\.(\w+)}}/g, (_, name) => data[name] ?? '')
}

const tierOf = url => [['public', brief.public], ['staff', brief.staff]].find(([, base]) => new URL(base).host === url.host)?.[0]
const weather = 'www.bbc.co.uk'

const idForm = /\b[a-z]{2}[a-z2-7]{20}\b/g

// Those who live together share a side, and so its ids.
const together = { tom: 'rachel', mark: 'priya' }
const homeOf = login => {
  const key = brief.people.find(p => p.login === login)?.key ?? login
  return together[key] ?? key
}

// Whoever looks over the shoulder reads titles, and so does the history.
const telling = /adopt|birth|mother|father|parent|child|sibling|contact order|veto/i

async function launch ({ keeps = false } = {}) {
  return chromium.launch({
    executablePath: await executable({ keeps }),
    // As for everybody: going back may show a page that was kept whole.
    ignoreDefaultArgs: keeps ? ['--disable-back-forward-cache'] : [],
    // One process for all pages of a site: else each page that is left and come back to costs a new one.
    args: ['--process-per-site', '--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
      // A microphone that hears a tone, and a person who lets a page have it.
      '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
      // No name leads out of the machine, and that of the quick exit leads to
      // a server of the test.
      `--host-resolver-rules=MAP ${weather}:443 ${brief.weather}, MAP * ~NOTFOUND, EXCLUDE *.localhost, EXCLUDE 127.0.0.1`]
  })
}

/** Walk is one run of the browser, with everything that it found wrong. */
export class Walk {
  faults = []
  asked = []
  looked = []
  axed = 0 // how often axe was asked
  /** seen is the ids on the pages of the families, by home. */
  seen = new Map()
  #waiting = []
  #known = new Set()

  static async begin () {
    const walk = new Walk()
    walk.browser = await launch()
    if (brief.shots) await mkdir(brief.shots, { recursive: true })
    return walk
  }

  /** end waits for what is still being read and gives the report. */
  async end () {
    const late = new Promise((resolve, reject) => setTimeout(() => reject(new Error('an answer was never read to its end')), patience).unref())
    await Promise.race([Promise.all(this.#waiting), late]).catch(error => this.fault(error.message))
    await this.browser.close()
    this.apart()
    return { asked: this.asked, looked: this.looked }
  }

  /** note keeps the ids that a page of somebody's held. */
  note (home, text) {
    const ids = this.seen.get(home) ?? new Set()
    for (const id of text.match(idForm) ?? []) ids.add(id)
    this.seen.set(home, ids)
  }

  /** apart holds the homes against each other: what one was shown leads to nothing that another was shown. */
  apart () {
    const all = [...this.seen]
    for (const [i, [home, ids]] of all.entries()) {
      for (const [other, theirs] of all.slice(i + 1)) {
        const both = [...ids].filter(id => theirs.has(id))
        if (both.length) this.fault(`the pages of ${home} and of ${other} share ${both.length} ids: ${both.slice(0, 3)}`)
      }
    }
    // Every page of a home is fetched where its chapter is walked; of the others some have no id to show.
    if (brief.mode !== 'cut' && !brief.only && all.length > 1 && !all.every(([, ids]) => ids.size)) this.fault('the pages of a home that writes had no id at all')
  }

  fault (what) {
    if (!this.faults.includes(what)) this.faults.push(what)
  }

  /** again tells whether it was asked this before. */
  again (what) {
    const known = this.#known.has(what)
    this.#known.add(what)
    return known
  }

  later (promise) { this.#waiting.push(promise) }

  /** person opens a browser of their own for somebody. A desk that is open loads itself again when something
   * comes; that would interrupt whoever looks at it, so only who asks for a live one gets a line that says anything.
   * Who keeps has a browser that shows a page again as it was left; they close it. */
  async person (name, tier, size = wide, { live = false, keeps = false } = {}) {
    const scripts = brief.mode !== 'off'
    const browser = keeps ? await launch({ keeps }) : this.browser
    const context = await browser.newContext({ viewport: size, javaScriptEnabled: scripts, ignoreHTTPSErrors: true, locale: 'en-GB', timezoneId: 'Europe/London' })
    context.setDefaultTimeout(patience)
    context.setDefaultNavigationTimeout(patience)
    if (brief.mode === 'cut') await context.route(/\.m?js(\?|$)/, route => route.request().url().endsWith('/axe.min.js') ? route.fallback() : route.abort()) // axe is ours, and looks at the page without its scripts
    if (!live) await context.routeWebSocket(/\/live\?/, () => {})
    const person = new Person(this, context, { name, tier, size })
    context.on('page', page => person.watch(page))
    person.page = await context.newPage()
    return person
  }
}

/** Person is somebody at a browser. */
export class Person {
  constructor (walk, context, { name, tier, size }) {
    Object.assign(this, { walk, context, name, tier, size, base: brief[tier] })
  }

  /** at sets this person before another tab of theirs. */
  at (page) {
    return Object.assign(Object.create(this), { page })
  }

  async tab () { return this.at(await this.context.newPage()) }

  /** watch notes what a page does that no page may. */
  watch (page) {
    const fault = what => this.walk.fault(`${this.name} at ${placeOf(page.url())}: ${what}`)
    page.on('request', request => {
      const url = new URL(request.url())
      if (url.protocol === 'blob:') return // what the page itself holds: a recording, before it is sent up
      const ours = tierOf(url)
      const leaving = url.host === weather && request.isNavigationRequest()
      if (!leaving && (ours !== this.tier)) fault(`asks for ${url.origin}${url.pathname}`)
      // A picture, and a recording, has an address of its own and is asked for by its page; a photo is sent beside it.
      if (!leaving && (request.isNavigationRequest() || ['image', 'media', 'xhr'].includes(request.resourceType())) && ours) {
        this.walk.asked.push({ tier: ours, method: request.method(), path: url.pathname })
      }
    })
    page.on('response', response => {
      const url = new URL(response.url())
      // What lies beside the pages is the same each time.
      if (url.pathname.startsWith('/assets/') && this.walk.again(url.href)) return
      if (tierOf(url) && url.pathname !== axe) this.walk.later(this.headers(response).catch(() => {})) // the page was closed meanwhile
    })
    page.on('response', response => {
      const { home } = this.context
      if (!home || this.tier !== 'public' || !response.request().isNavigationRequest() || !tierOf(new URL(response.url()))) return
      const text = response.status() < 300 || response.status() > 399 ? response.text() : response.headerValue('location')
      this.walk.later(text.then(text => this.walk.note(home, text)).catch(() => {})) // as above
    })
    page.on('websocket', line => {
      const url = new URL(line.url())
      if (tierOf(url) !== this.tier) fault(`opens a line to ${url.origin}`)
      else this.walk.asked.push({ tier: this.tier, method: 'GET', path: url.pathname })
    })
    page.on('pageerror', error => fault(`a script fails: ${error.message}`))
    page.on('console', message => {
      const cut = brief.mode === 'cut' && /ERR_FAILED/.test(message.text())
      // A page that answers with 404 is a page like others here.
      const status = /the server responded with a status of/.test(message.text()) && message.location().url === page.url()
      // The empty page that the quick exit goes by names no icon: Chromium looks for one.
      const icon = new URL(message.location().url || page.url()).pathname === '/favicon.ico'
      const lost = /ERR_INTERNET_DISCONNECTED/.test(message.text()) // a line that a chapter cut
      // A picture alone is shown by a page of Chromium's own, whose style our policy refuses: it stands in the corner then.
      const viewer = /\/scan(\/\d+)?$/.test(page.url()) && /Applying inline style/.test(message.text())
      if (['error', 'warning'].includes(message.type()) && !cut && !status && !icon && !lost && !viewer) fault(`the browser complains: ${message.text()} ${placeOf(message.location().url)}`)
    })
  }

  async headers (response) {
    const url = new URL(response.url())
    const h = await response.allHeaders()
    const fault = what => this.walk.fault(`${response.request().method()} ${placeOf(response.url())} (${response.status()}): ${what}`)
    const policy = new Map((h['content-security-policy'] ?? '').split(';').map(d => d.trim().split(/\s+/)).map(([k, ...v]) => [k, v.join(' ')]))
    for (const [name, want] of [['default-src', "'none'"], ['script-src', "'self'"], ['style-src', "'self'"], ['img-src', "'self'"], ['connect-src', "'self'"],
      ['form-action', "'self'"], ['base-uri', "'none'"], ['frame-ancestors', "'none'"], ['require-trusted-types-for', "'script'"]]) {
      if (policy.get(name) !== want) fault(`the policy's ${name} is ${policy.get(name)}, not ${want}`)
    }
    if (/unsafe/.test(h['content-security-policy'])) fault('the policy has something unsafe')
    for (const [name, want] of [['referrer-policy', 'no-referrer'], ['x-content-type-options', 'nosniff'], ['cross-origin-opener-policy', 'same-origin'],
      ['cross-origin-resource-policy', 'same-origin'], ['x-robots-tag', 'noindex, nofollow']]) {
      if (h[name] !== want) fault(`${name} is ${h[name]}, not ${want}`)
    }
    const asset = url.pathname.startsWith('/assets/')
    if (asset ? !/immutable|max-age/.test(h['cache-control']) : h['cache-control'] !== 'no-store') fault(`cache-control is ${h['cache-control']}`)
    if (url.protocol === 'https:' && !h['strict-transport-security']) fault('no strict-transport-security')
    for (const { name, value } of await response.headersArray()) {
      if (name.toLowerCase() === 'set-cookie') for (const line of value.split('\n')) this.cookie(line, fault, url)
    }
  }

  cookie (line, fault, url) {
    const [pair, ...rest] = line.split(';').map(s => s.trim())
    const flags = new Map(rest.map(f => { const [k, v] = f.split('='); return [k.toLowerCase(), v ?? ''] }))
    const name = pair.split('=')[0]
    if (!flags.has('httponly')) fault(`the cookie ${name} can be read by scripts`)
    if (flags.get('path') !== '/' || flags.has('domain')) fault(`the cookie ${name} goes elsewhere`)
    if (flags.get('samesite') !== (this.tier === 'staff' ? 'Strict' : 'Lax')) fault(`the cookie ${name} has SameSite ${flags.get('samesite')}`)
    const secure = url.protocol === 'https:'
    if (secure !== flags.has('secure') || secure !== name.startsWith('__Host-')) fault(`the cookie ${name} over ${url.protocol}`)
  }

  /** go opens a page by its path; the answer's status is kept for look. */
  async go (where) {
    return this.arrive(() => this.page.goto(where.startsWith('/') ? this.base + where : where))
  }

  /** back presses the browser's own button; what it shows may come from nowhere but its memory. */
  async back () {
    await this.page.goBack({ waitUntil: 'commit' })
    await this.main().waitFor()
  }

  async arrive (act) {
    const response = await act()
    this.last = response
    return response
  }

  /** press clicks a button or a link, by the key of its words or as it was found, and waits for the page that comes. */
  async press (target, within) {
    const element = typeof target === 'string' ? this.by(say(target), within) : target
    return this.arrive(async () => (await Promise.all([this.page.waitForNavigation(), element.click()]))[0])
  }

  /** by finds a button, or a link that may look like one, by its words. */
  by (name, within = this.main()) {
    return within.getByRole('button', { name }).or(within.getByRole('link', { name })).first()
  }

  /** field finds a field by its name. */
  field (name) { return this.page.locator(`[name="${name}"]:not([type=hidden])`) }

  async fill (values) {
    for (const [name, value] of Object.entries(values)) await this.field(name).first().fill(value)
  }

  /** tick chooses a radio or a checkbox by its value, by its label as people do. */
  async tick (name, value) {
    const box = this.page.locator(`[name="${name}"][value="${value}"]`)
    if (!await box.isChecked()) await this.page.locator(`label[for="${await box.getAttribute('id')}"]`).click()
  }

  /** close closes the browser of somebody who keeps. */
  async close () { return this.context.browser().close() }

  main () { return this.page.locator('main') }

  path () { return new URL(this.page.url()).pathname }

  async text () { return (await this.main().innerText()).replace(/\s+/g, ' ') }

  /** expect ends the walk unless this person stands at the path, a string or a pattern. */
  expect (where) {
    const ok = typeof where === 'string' ? this.path() === where : where.test(this.path())
    if (!ok) throw new Error(`${this.name} is at ${placeOf(this.page.url())} and should be at ${where}`)
    return this
  }

  /** reads ends the walk unless the page says these words. */
  async reads (...all) {
    const text = await this.text()
    for (const words of all) {
      if (!text.includes(words.replace(/\s+/g, ' '))) throw new Error(`${this.name} at ${placeOf(this.page.url())} does not read “${words}” but: ${text.slice(0, 900)}`)
    }
    return this
  }

  async readsNot (...all) {
    const text = await this.page.locator('body').innerText()
    for (const words of all) {
      if (text.includes(words)) throw new Error(`${this.name} at ${placeOf(this.page.url())} reads “${words}”`)
    }
    return this
  }

  /** look holds the page to every rule, at both widths where its scripts run. axe takes most of the time: it is asked at both widths
   * where a page is seen for the first time, and again where the page has changed. what names the page in a complaint; a page of that name is looked at once in each tier. */
  async look (what) {
    const url = new URL(this.page.url())
    const fault = found => this.walk.fault(`${what}, ${placeOf(this.page.url())}: ${found}`)
    this.walk.looked.push({ tier: this.tier, method: this.last.request().method(), path: url.pathname, status: this.last.status() })
    if (this.walk.again(`${this.tier} ${what}`)) return this
    const title = await this.page.title()
    if (!title.trim() || telling.test(title)) fault(`the title “${title}” is empty or tells too much`)
    // A page that is walked without its scripts differs from the one with them by little, and not by its width.
    const other = this.size === wide ? narrow : wide
    const firstHere = !this.walk.again(`place ${this.tier} ${this.last.status()} ${placeOf(this.page.url())}`)
    for (const size of brief.mode === 'on' ? [other, this.size] : [this.size]) {
      await this.page.setViewportSize(size)
      const at = `at ${size.width}px`
      for (const found of await this.page.evaluate(elementRules)) fault(`${at}: ${found}`)
      if (brief.mode !== 'off' && (firstHere || size === this.size && await this.newKinds())) for (const found of await this.axe()) fault(`${at}: ${found}`)
      for (const found of await this.page.evaluate(sideways)) fault(`${at} it is too wide: ${found}`)
      if (brief.mode === 'on') for (const found of await largeLetters(this.page)) fault(`${at}, letters twice as big, it is too wide: ${found}`)
      if (brief.shots) await this.shot(what, size.width)
    }
    return this
  }

  async axe () {
    this.walk.axed++
    return runAxe(this.page)
  }

  /** newKinds tells whether there is an element of a kind that was on no page before: what axe finds is about those. */
  async newKinds () {
    let fresh = false
    for (const kind of await this.page.evaluate(kinds)) fresh = !this.walk.again(`kind ${kind}`) || fresh
    return fresh
  }

  async shot (what, width) {
    const n = String(this.walk.looked.length).padStart(3, '0')
    await this.page.screenshot({ path: path.join(brief.shots, `${brief.mode}-${n}-${what.replace(/[^a-z0-9]+/gi, '-')}-${width}.png`), fullPage: true })
  }

  /** signIn signs somebody in at the form where they stand; secret is for codes. */
  async signIn ({ login, passphrase, secret }) {
    this.context.home = homeOf(login)
    await this.fill({ name: login, passphrase })
    if (secret) await this.fill({ code: await code(secret) })
    await this.press('account.signIn.button')
    return this
  }

  /** enter signs somebody in from wherever they are, unless they are in, and goes past the page about leaving. */
  async enter (login) {
    await this.go('/sign-in')
    if (this.path() === '/sign-in') await this.signIn(login)
    if (this.path() === '/leaving') await this.press('account.leaving.next')
    return this
  }

  async signOut () { return this.press('common.signOut', this.page.locator('header')) }
}

// placeOf leaves the ids out of an address: they differ from run to run.
const placeOf = url => {
  try {
    const { host, pathname } = new URL(url)
    return `${tierOf(new URL(url)) ?? host}${pathname.replace(/[a-z]{2}[a-z2-7]{20}/g, '{id}')}`
  } catch { return url }
}

async function control (act, body = '') {
  const answer = await fetch(`${brief.control}/${act}`, { method: 'POST', body })
  if (!answer.ok) throw new Error(`${act}: ${await answer.text()}`)
  return answer.text()
}

/** code is a one-time code that counts. */
export const code = secret => control('code', secret)
/** workday is the day so many working days from the world's today, as [day, month, year]. */
export const workday = async ahead => (await control('day', String(ahead))).split(' ')
/** goOn sets the world's clock forward ("61m"). */
export const goOn = by => control('clock', by)
export const world = { break: () => control('break'), mend: () => control('mend'), busy: () => control('busy'), calm: () => control('calm'), eighteen: () => control('eighteen'),
  spoil: kind => control('spoil', kind), asks: () => control('asks'), answers: veto => control('answers', veto), hold: () => control('hold'), release: () => control('release') }

/** known is somebody of the demo. */
export function known (key) {
  const p = brief.people.find(p => p.key === key)
  if (!p) throw new Error(`nobody of the demo is called ${key}`)
  return { name: p.name, login: p.login, passphrase: p.passphrase, secret: p.totp }
}

/** failed takes a picture of where everybody stands, for who mends it. */
export async function failed (walk) {
  const dir = path.join(os.tmpdir(), `gatepost-journey-${brief.mode}`)
  await mkdir(dir, { recursive: true })
  let n = 0
  for (const context of walk.browser.contexts()) {
    for (const page of context.pages()) await page.screenshot({ path: path.join(dir, `${++n}.png`), fullPage: true }).catch(() => {}) // a page that is gone has no picture
  }
  return dir
}
