// What a page is held to in the browser. The functions that are given to
// page.evaluate run inside the page, where the debugger may even when the
// page's own scripts may not; they see nothing of this file.

const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** axe is where the test's server has axe-core. */
export const axe = '/axe.min.js'

/** runAxe gives every violation that axe-core finds. */
export async function runAxe (page) {
  await page.evaluate(async axe => { if (!globalThis.axe) await import(axe) }, axe) // and nothing comes back: all of axe would
  return page.evaluate(async standards => {
    const { violations } = await globalThis.axe.run(document, { runOnly: standards, resultTypes: ['violations'] })
    return violations.map(v => `${v.id} (${v.impact}): ${v.nodes.map(n => n.target.join(' ')).slice(0, 3).join(', ')}`)
  }, standards)
}

/** kinds lists the elements of a page by what they are and what they stand in, without their words: a number for each kind. */
export function kinds () {
  const told = e => `${e.tagName}[${[...e.attributes].map(a => ['class', 'type', 'role'].includes(a.name) ? `${a.name}=${a.value}` : a.name).sort()}]`
  const kindOf = e => {
    let n = 0
    for (const c of `${told(e.parentElement)}>${told(e)}`) n = Math.imul(n ^ c.codePointAt(0), 16777619)
    return n
  }
  return [...new Set([...document.body.querySelectorAll('*')].map(kindOf))]
}

/** elementRules hold without axe, which cannot run where no script does. */
export function elementRules () {
  const found = []
  const all = selector => [...document.querySelectorAll(selector)]
  const words = element => (element?.textContent ?? '').trim()
  const at = e => e.tagName.toLowerCase() + (e.id ? `#${e.id}` : e.name ? `[name=${e.name}]` : '')
  const rule = (bad, name, e) => { if (bad) found.push(e ? `${name}: ${at(e)}` : name) }
  const named = e => (e.getAttribute('aria-label') ?? '').trim() || [...(e.labels ?? [])].some(words) ||
    (e.getAttribute('aria-labelledby') ?? '').split(/\s+/).some(id => id && words(document.getElementById(id)))

  rule(!document.documentElement.lang.trim(), 'no language')
  rule(all('h1').length !== 1, `${all('h1').length} h1`)
  rule(all('main').length !== 1, `${all('main').length} main`)
  const levels = all('h1, h2, h3, h4, h5, h6').map(h => Number(h.tagName[1]))
  for (const [i, level] of levels.entries()) rule(i > 0 && level > levels[i - 1] + 1, `h${level} after h${levels[i - 1]}`)
  for (const e of all('input, select, textarea')) rule(!['hidden', 'submit', 'button'].includes(e.type) && !named(e), 'no label', e)
  for (const e of all('button, a[href]')) rule(!named(e) && !words(e), 'no words', e)
  for (const e of all('img')) rule(!e.hasAttribute('alt'), 'no alt', e)
  for (const e of all('form')) rule(![...e.elements].some(b => b.type === 'submit'), 'no button', e)
  for (const e of all('[role=button]:not(a[href])')) rule(true, 'a button that needs a script', e)
  for (const e of all('a[href^="javascript:" i], [onclick], [onsubmit], [onchange], [onload]')) rule(true, 'needs a script', e)
  for (const e of all('[aria-describedby], [aria-labelledby], [aria-controls]')) {
    for (const name of ['aria-describedby', 'aria-labelledby', 'aria-controls']) {
      for (const id of (e.getAttribute(name) ?? '').split(/\s+/).filter(Boolean)) rule(!document.getElementById(id), `${name} of nothing`, e)
    }
  }
  const ids = all('[id]').map(e => e.id)
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) found.push(`the id ${id} twice`)
  // What only works with scripts must not be seen without.
  for (const e of all('[hidden]')) rule(e.checkVisibility(), 'is hidden and seen', e)
  return found
}

/** sideways tells what makes a page wider than its window (WCAG 1.4.10). */
export function sideways () {
  const root = document.documentElement
  if (root.scrollWidth <= root.clientWidth) return []
  const out = [...document.querySelectorAll('body *')].filter(e => {
    const left = e.getBoundingClientRect().left
    return e.checkVisibility() && left + Math.max(e.offsetWidth, e.scrollWidth) > root.clientWidth + 1
  })
  return [`${root.scrollWidth} of ${root.clientWidth}: ${out.slice(-3).map(e => `${e.tagName.toLowerCase()}.${e.className || e.id}`).join(', ')}`]
}

/** largeLetters looks again with letters of twice the size (WCAG 1.4.4). */
export async function largeLetters (page) {
  await page.evaluate(() => { document.documentElement.style.fontSize = '200%' })
  const found = await page.evaluate(sideways)
  await page.evaluate(() => { document.documentElement.style.fontSize = '' })
  return found
}
