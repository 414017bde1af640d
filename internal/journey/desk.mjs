// What workers do: open an exchange by hand, invite, confirm, read and decide.
import { code, say } from './browser.mjs'
import { fact } from './family.mjs'

/** openExchange types a whole exchange in, with the mistakes that people make. */
export async function openExchange (p, { child, sides }) {
  await p.go('/exchanges')
  await p.look('exchanges')
  await p.press('desk.exchanges.open')
  await p.expect('/exchange/new').look('opening children')
  await p.press('desk.opening.next')
  await p.look('opening children missing')
  await p.press('desk.opening.addChild')
  await p.look('opening two children')
  await p.press(p.by(say('desk.opening.removeChild', { Number: 2 })))
  await p.fill({ 'child-0-birth': child.birth, 'child-0-adoptive': child.adoptive, 'child-0-born-day': '31', 'child-0-born-month': '2', 'child-0-born-year': '2018' })
  await p.press('desk.opening.next')
  await p.look('opening no such day')
  await p.fill({ 'child-0-born-day': '14' })
  await p.press('desk.opening.next')
  for (const [i, side] of sides.entries()) {
    await p.reads(say(`desk.opening.${['first', 'second'][i]}.title`))
    await p.look(`opening side ${i + 1}`)
    if (i === 0) await wrongSide(p)
    await fillSide(p, side)
    await p.press('desk.opening.next')
  }
  await p.reads(say('desk.opening.check.title'), child.birth, ...sides.flatMap(s => [s.name, s.self]))
  await p.look('opening check')
  await p.press('desk.opening.changeFirst')
  await p.reads(say('desk.opening.first.title'))
  await p.press('desk.opening.next')
  await p.press('desk.opening.next')
  await p.press('desk.opening.open')
  await p.expect(/^\/exchange\/ex/).reads(...sides.map(s => s.name))
  await p.look('exchange')
  return p.path()
}

async function wrongSide (p) {
  await p.press('desk.opening.next')
  await p.look('opening side missing')
  await p.tick('book', 'birth')
  await p.fill({ find: 'Joanne' })
  await p.press('desk.opening.findButton')
  await p.reads('Joanne Tully')
  await p.look('opening side found')
  await p.press('desk.opening.take')
  await p.look('opening side taken')
  await p.press('desk.opening.addPerson')
  await p.press(p.by(say('desk.opening.removePerson', { Number: 1 })))
}

async function fillSide (p, side) {
  if (!await p.field('person-0-name').count()) throw new Error('there is no line for a person')
  await p.tick('book', side.book)
  await p.fill({ 'person-0-name': side.name, 'person-0-relation': side.relation, 'person-0-address': side.address, 'person-0-phone': side.phone,
    'calls-0': side.calls, other: side.other, self: side.self, times: '2' })
  await p.tick('send', 'letter')
  await p.tick('months', '5')
}

/** invite prints an invitation for somebody of the exchange where the worker stands. */
export async function invite (p, exchange, name) {
  await p.go(exchange)
  const card = p.page.locator('[data-person]').filter({ hasText: name })
  await p.press('desk.person.invite', card)
  await p.expect(/\/invite$/).look('invite')
  await p.press('desk.invite.make')
  await p.look('invite missing')
  return paperOf(p, { fact })
}

/** paperOf fills the rest of an invitation's form and reads the paper. */
export async function paperOf (p, values, button = 'desk.invite.make') {
  await p.fill(values)
  await p.press(button)
  await p.look('invitation')
  const [address, code, reference] = await p.page.locator('.gp-paper .gp-code').allInnerTexts()
  await p.page.emulateMedia({ media: 'print' })
  const seen = await p.page.evaluate(() => ['.govuk-service-navigation', '.gp-footer', 'main h1', '.gp-paper'].map(s => document.querySelector(s)?.checkVisibility() ?? false))
  if (seen.join() !== 'false,false,false,true') p.walk.fault(`the printed invitation shows menu, footer, heading, paper: ${seen}`)
  await p.page.emulateMedia({ media: null })
  if (!address.startsWith('http')) throw new Error(`the paper says to go to ${address}`)
  return { address: address.trim(), code: code.trim(), reference: reference.trim() }
}

/** confirm ends a hold after a call in which somebody read these words; id is of somebody whom the list does not name. */
export async function confirm (p, name, words, { secret, roles = [], id }) {
  await p.go('/people')
  await p.look('people')
  const card = id ? p.page.locator(`[data-holding="${id}"]`) : p.page.locator('[data-holding]').filter({ hasText: name })
  same(words, await card.locator('li').allInnerTexts(), 'on the list')
  await p.press('desk.person.confirm', card)
  await p.expect(/\/confirm$/).look('confirm')
  same(words, await p.main().locator('ol li').allInnerTexts(), 'on the page to confirm')
  await p.press('desk.confirm.confirm')
  await p.look('confirm missing')
  for (const role of roles) await p.tick('role', role)
  await p.tick('called', 'yes')
  await p.fill({ code: await code(secret) })
  await p.press('desk.confirm.confirm')
  await p.expect('/people').reads(say('desk.people.confirmed'))
  await p.look('people confirmed')
}

function same (words, shown, where) {
  if (words.join() !== shown.map(w => w.trim()).join()) throw new Error(`the words ${where} are ${shown}, and ${words} on the person's own screen`)
}

/** narrows shows some of the desk: by a choice, which the address keeps, and by a name, which no address holds. */
export async function narrows (p) {
  const open = () => p.page.locator('summary').filter({ hasText: say('desk.narrow.title') }).click()
  await open()
  await p.tick('age', 'late')
  await p.press('desk.narrow.do')
  await p.expect('/desk').look('desk, late letters')
  if (!await p.page.locator('[name=age][value=late]').isChecked()) throw new Error('the desk forgets what it was asked for')
  await p.press('desk.narrow.all')
  await open()
  await p.fill({ find: 'Nobody Here' })
  await p.press('desk.narrow.do')
  await p.reads(say('desk.narrow.everywhere'))
  if (p.page.url().includes('Nobody')) throw new Error('a name stands in the address')
  await p.look('desk, by a name')
  await p.press('desk.narrow.all')
}

/** claim takes the letter of somebody from the desk and gives its path. */
export async function claim (p, from) {
  await p.go('/desk')
  await p.press(p.page.locator('[data-letter]').filter({ hasText: from }).getByRole('button').first())
  await p.expect(/^\/letter\/lt/)
  return p.path()
}
