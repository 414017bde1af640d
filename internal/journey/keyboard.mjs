// The same with the keyboard only: nothing here touches a mouse.
import { code, say } from './browser.mjs'

// Far more than any page has to stop at.
const most = 80

/** tabTo presses Tab until the focus is on what fits; it must be seen there. */
export async function tabTo (p, selector, { from = 'here' } = {}) {
  if (from === 'top') await p.page.evaluate(() => { document.activeElement?.blur(); scrollTo(0, 0) })
  const passed = []
  for (let i = 0; i < most; i++) {
    await p.page.keyboard.press('Tab')
    const at = await p.page.evaluate(selector => {
      const e = document.activeElement
      const s = getComputedStyle(e)
      const box = e.getBoundingClientRect()
      return {
        there: e.matches(selector),
        name: e.tagName.toLowerCase() + (e.id ? `#${e.id}` : e.name ? `[name=${e.name}]` : ''),
        marked: s.outlineStyle !== 'none' || s.boxShadow !== 'none',
        inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth
      }
    }, selector)
    passed.push(at.name)
    if (!at.marked) p.walk.fault(`${p.name} at ${p.path()}: the focus on ${at.name} cannot be seen`)
    if (!at.inside) p.walk.fault(`${p.name} at ${p.path()}: the focus on ${at.name} is out of sight`)
    if (at.there) return
  }
  throw new Error(`${p.name} at ${p.path()} does not get to ${selector} by Tab, only to ${passed.join(' ')}`)
}

/** enter presses Enter where the focus is, and arrives. */
export async function enter (p) {
  return p.press({ click: () => p.page.keyboard.press('Enter') })
}

/** signIn signs in from the sign-in page, by way of its skip link. */
export async function signIn (p, { login, passphrase, secret }) {
  await p.go('/sign-in')
  await p.page.keyboard.press('Tab')
  const skip = await p.page.evaluate(() => document.activeElement.getAttribute('href'))
  if (skip !== '#main-content') p.walk.fault(`the first stop of the sign-in page is ${skip}, not the main content`)
  await p.page.keyboard.press('Enter')
  await tabTo(p, '[name=name]')
  await p.page.keyboard.type(login)
  await tabTo(p, '[name=passphrase]')
  await p.page.keyboard.type(passphrase)
  await tabTo(p, '[name=code]')
  if (secret) await p.page.keyboard.type(await code(secret))
  await tabTo(p, 'form button[type=submit]:not(.govuk-password-input__toggle)')
  return enter(p)
}

/** type gets into the box of a letter and writes there. */
export async function type (p, text) {
  await tabTo(p, 'textarea[name=text]', { from: 'top' })
  for (const [i, line] of text.split('\n').entries()) {
    if (i) await p.page.keyboard.press('Enter')
    await p.page.keyboard.insertText(line)
  }
}

/** send goes from the box, in which Tab must not stay, to the next page and over it. */
export async function send (p) {
  await tabTo(p, 'textarea[name=text]', { from: 'top' })
  await tabTo(p, '[name=do][value=check]')
  await enter(p)
  await p.expect(/\/check$/).reads(say('family.check.next'))
  await tabTo(p, 'main button[type=submit]', { from: 'top' })
  return enter(p)
}
