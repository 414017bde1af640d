// What families do: come in with a paper code, sign in, write, read.
import { code, say } from './browser.mjs'

/** What a worker and a person agreed on by phone, for all who come in here. */
export const fact = 'the robin on the sill'

/** comeIn takes somebody from the paper to their four words, which it gives. */
export async function comeIn (p, paper, { busy } = {}) {
  await p.go('/')
  if (p.tier === 'public') {
    await p.look('front')
    await p.press('account.front.code')
  } else await p.go('/start')
  await p.expect('/start').look('paper code')
  await p.press('account.startCode.next')
  await p.reads(say('account.startCode.empty'))
  await p.look('paper code missing')

  // One letter typed wrongly: the check character tells.
  const wrong = paper.code.replace(/.$/, last => last === 'A' ? 'B' : 'A')
  await p.fill({ code: wrong })
  await p.press('account.startCode.next')
  await p.look('agreed fact')
  await p.fill({ fact })
  await p.press('account.startFact.next')
  await p.look('paper code mistyped')
  await p.fill({ code: paper.code.toLowerCase().replace(/-/g, ' ') })
  await p.press('account.startCode.next')
  await p.expect('/start').fill({ fact: 'something else entirely' })
  await p.press('account.startFact.next')
  await p.look('agreed fact wrong')
  await p.fill({ fact })
  await p.press('account.startFact.next')
  await p.expect('/start/passphrase').look('passphrase offered')

  const passphrase = (await p.page.locator('.gp-passphrase').innerText()).trim()
  await p.page.locator('summary').click()
  await p.fill({ passphrase: 'short' })
  await p.press('account.passphrase.next')
  await p.look('passphrase too short')
  if (busy) await busy()
  await p.press('account.passphrase.offered')
  return { login: paper.reference, passphrase: passphrase || '' }
}

/** ownWords are the four words on a person's own screen. */
export async function ownWords (p) {
  await p.expect('/start/done').look('four words')
  const words = await p.page.locator('.gp-words li').allInnerTexts()
  if (words.length !== 4 || words.some(w => !w.trim())) throw new Error(`${p.name} sees ${words.length} words`)
  return words.map(w => w.trim())
}

/** setUpCodes gives somebody who stands at /second-step an app; it gives the app's secret. */
export async function setUpCodes (p) {
  await p.expect('/second-step').look('second step')
  await p.fill({ code: '000000' })
  await p.press('account.secondStep.button')
  await p.look('second step wrong')
  const secret = (await p.page.locator('.gp-secret').innerText()).replace(/\s/g, '')
  await p.fill({ code: await code(secret) })
  await p.press('account.secondStep.button')
  await p.expect('/account/codes').look('codes offered')
  return secret
}

/** write begins a letter on the front page and types it. */
export async function write (p, text) {
  await p.go('/letters')
  await p.press('family.letters.write')
  await p.expect(/^\/write\//)
  await p.fill({ text })
}

/** typed is what stands in the box. */
export const typed = p => p.page.locator('textarea[name=text]').inputValue()

/** holds ends the walk unless the box holds this text. */
export async function holds (p, text) {
  const got = (await typed(p)).replace(/\r\n/g, '\n')
  if (got !== text) throw new Error(`${p.name}'s box holds “${got.slice(0, 200)}” in the place of “${text.slice(0, 200)}”`)
}

/** leaves presses the quick exit and waits for the weather. */
export async function leaves (p, button) {
  await Promise.all([p.page.waitForURL(url => url.host === 'www.bbc.co.uk'), button.click()])
  await p.page.getByRole('heading', { name: 'Weather' }).waitFor()
}

/** send checks and sends what stands in the box. */
export async function send (p) {
  await p.press('family.write.check')
  await p.expect(/\/check$/).look('read it once more')
  await p.press('family.check.send')
  await p.expect(/^\/sent\//).reads(say('family.sent.sent'))
}
