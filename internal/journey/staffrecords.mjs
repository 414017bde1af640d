// A record that should never have been: ended, ordered to be destroyed, called
// off, ordered again, and a day later agreed to by somebody else.
import { code, goOn, known, say } from './browser.mjs'
import * as desk from './desk.mjs'
import { worker } from './staff.mjs'

const withCode = async (p, key) => p.fill({ code: await code(known(key).secret) })

const side = (book, name, relation, address, phone, other, self) => ({ book, name, relation, address, phone, calls: 'Noah', other, self })
const wrong = { child: { birth: 'Noah Trent', adoptive: 'Noah Farrow' }, sides: [
  side('birth', 'Lena Trent', 'birth mother', '5 Kiln Road\nWeldbridge', '07700 900377', 'Ivy', 'Lena'),
  side('adoptive', 'Ivy Farrow', 'adopter', '8 Elm Walk\nNorth Carrow', '07700 900378', 'Lena', 'Ivy')] }

async function orders (p, reference) {
  await p.go('/records/new')
  await p.fill({ reference, reason: 'Two files were mixed up.' })
  await p.tick('ground', 'openedInError')
  await withCode(p, 'maud')
  await p.press('records.order.button')
  await p.expect('/records').reads(say('records.did.ordered'), reference)
}

async function destroys (walk) {
  const owen = await worker(walk, 'owen')
  const exchange = await desk.openExchange(owen, wrong)
  const reference = (await owen.page.locator('main').innerText()).match(/LB-[0-9A-Z]{5}/)[0]
  await owen.go(exchange + '/state')
  await owen.tick('state', 'ended')
  await owen.press('desk.exchange.set.do')

  const maud = await worker(walk, 'maud')
  await maud.go('/desk')
  await maud.expect('/records').reads(say('records.none'))
  await maud.look('records')
  await maud.press('records.order.link')
  await maud.expect('/records/new').look('order')
  await maud.press('records.order.button')
  await maud.look('order missing')
  await orders(maud, reference)
  await maud.look('records ordered')
  await maud.press('records.stop.link')
  await maud.expect(/^\/records\/ds.*\/stop$/).look('call it off')
  await maud.press('records.stop.button')
  await maud.expect('/records').reads(say('records.did.stopped'))
  await maud.look('records called off')
  await orders(maud, reference)

  await goOn('25h')
  const judith = await worker(walk, 'judith')
  await judith.go('/records')
  await judith.look('records to agree')
  await judith.press('records.agree.link')
  await judith.expect(/^\/records\/ds.*\/agree$/).look('agree to destroy')
  await judith.press('records.agree.button')
  await judith.look('agree to destroy missing')
  await withCode(judith, 'judith')
  await judith.press('records.agree.button')
  await judith.expect('/records').reads(say('records.did.destroyed'), reference)
  await judith.look('records destroyed')
  await owen.enter(known('owen'))
  await owen.go(exchange)
  if (owen.last.status() !== 404) throw new Error(`what was destroyed answers ${owen.last.status()}`)
}

export const records = [destroys]
