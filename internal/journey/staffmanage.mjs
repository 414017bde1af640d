// How an exchange stands and who may open it, who works here, and what waits
// too long.
import { code, goOn, known, say, workday, world } from './browser.mjs'
import * as desk from './desk.mjs'
import * as family from './family.mjs'
import { cardOf, exchangeOf, take, tray, worker } from './staff.mjs'

const dean = 'Dean Fallon'

/** fresh fills a fresh one-time code of somebody in. */
const fresh = async (p, key) => p.fill({ code: await code(known(key).secret) })

/** choose presses the label of a choice, as people do. */
const choose = (p, words) => p.main().locator('label', { hasText: words }).first().click()

async function restsAndGoesOn (walk) {
  const p = await worker(walk, 'owen')
  const exchange = await exchangeOf(p, 'Margaret Marsh')
  await p.press('desk.exchange.set.link')
  await p.expect(exchange + '/state').look('how an exchange stands')
  await p.tick('state', 'paused')
  await p.fill({ note: 'x'.repeat(8100) })
  await p.press('desk.exchange.set.do')
  await p.look('how an exchange stands, too long')
  await p.fill({ note: 'Rachel asked for a rest until spring.' })
  await p.press('desk.exchange.set.do')
  await p.expect(exchange).reads(say('desk.exchange.state.paused'), 'a rest until spring')
  await p.readsNot(say('print.link')) // what is stopped is not posted
  await p.look('exchange that rests')
  await p.go(exchange + '/state')
  await p.tick('state', 'active')
  await p.press('desk.exchange.set.do')
  await p.expect(exchange)
  await goesOn(p, exchange)
  await familyStands(p, exchange)
  await waitsToShow(p, exchange)
}

// What was on its way when it began to rest stays stopped, until a worker has
// looked at it: one from the exchange, one from the desk.
async function goesOn (p, exchange) {
  await p.press('desk.letter.lift')
  await p.expect(/\/lift$/).look('let a stopped letter go on')
  await p.press('desk.back.do.lift')
  await p.expect(/\/done$/).reads(say('desk.doneText.passed'))
  await tray(p, 'stopped')
  await p.look('desk stopped')
  const letter = await take(p, 'Margaret Marsh')
  await p.reads(say('desk.letter.is.stopped'))
  await p.look('stopped letter')
  await p.press('desk.letter.lift')
  await p.press('desk.back.do.lift')
  await p.expect(letter + '/done')
  await p.go(exchange)
  if (await p.main().getByRole('link', { name: say('desk.letter.lift') }).count()) throw new Error('a letter is stopped still')
}

async function familyStands (p, exchange) {
  await p.press('desk.exchange.setSide.link')
  await p.expect(/^\/side\/sd/).look('how a family stands')
  const side = p.path()
  await p.tick('state', 'addressUnconfirmed')
  await p.fill({ note: 'A letter came back from the post.' })
  await p.press('desk.exchange.set.do')
  await p.expect(exchange).reads(say('desk.side.state.addressUnconfirmed'))
  await p.look('exchange with a family that is not ready')
  await p.go(side)
  await p.tick('state', 'ready')
  await p.press('desk.exchange.set.do')
  await p.expect(exchange)
}

async function waitsToShow (p, exchange) {
  await p.go(exchange + '/delay')
  await p.look('when a letter is shown')
  await p.fill({ days: 'two' })
  await p.press('desk.exchange.set.do')
  await p.look('when a letter is shown, no number')
  await p.fill({ days: '2' })
  await p.press('desk.exchange.set.do')
  await p.expect(exchange).look('exchange with a delay')
  await p.go(exchange + '/delay')
  await p.fill({ days: '0' })
  await p.press('desk.exchange.set.do')
}

// The words that letters may not carry: one more by hand, one left out and put on again.
async function protectsWords (walk) {
  const p = await worker(walk, 'owen')
  const exchange = await exchangeOf(p, 'Margaret Marsh')
  await p.press('protected.link')
  await p.expect(exchange + '/list').look('words that letters may not carry')
  await p.press('protected.new.link')
  await p.expect(exchange + '/list/new').look('one more word')
  await p.press('protected.new.do')
  await p.reads(say('fault.protected.value'))
  await p.look('one more word, missing')
  await p.tick('kind', 'school')
  await p.fill({ value: 'Larkfield Primary School' })
  await p.press('protected.new.do')
  await p.expect(exchange + '/list').reads(say('protected.saidOn'), 'Larkfield Primary School')
  await p.press(p.page.locator('[data-word=school] button'))
  await p.expect(exchange + '/list').reads(say('protected.saidOut'), say('protected.leftOut'))
  await p.look('a word that is left out')
  await p.press(p.page.locator('[data-word=school] button'))
  await p.expect(exchange + '/list').reads(say('protected.saidOn'))
}

async function namesWorkers (walk) {
  const owen = await worker(walk, 'owen')
  const named = await exchangeOf(owen, dean) + '/named'
  await owen.press('desk.exchange.named.link')
  await owen.expect(named).reads(say('desk.exchange.named.team'))
  await owen.look('who can open it')

  const p = await worker(walk, 'judith')
  await p.go('/exchanges')
  await p.look('exchanges of a manager')
  await p.go(named)
  await p.look('let only named colleagues open it')
  await p.press('desk.exchange.restrict.do')
  await p.look('named missing')
  for (const who of ['Judith Amory', 'Owen Pritchard']) await choose(p, who)
  await fresh(p, 'judith')
  await p.press('desk.exchange.restrict.do')
  await p.expect(named).reads(say('desk.exchange.named.only'))
  await p.look('only named colleagues')

  const hers = await worker(walk, 'nasreen')
  await hers.go(named.replace(/\/named$/, ''))
  await hers.readsNot(dean, 'Biscuit')
  await hers.look('exchange of others')
  await hers.go('/exchanges')
  await hers.look('exchanges, one of others')
  await hers.go('/desk')
  await hers.reads(say('desk.desk.restricted'))
  await hers.readsNot(dean)
  await hers.look('desk with a letter of others')

  await p.press('desk.exchange.named.add')
  await p.look('name somebody missing')
  for (const act of ['add', 'remove', 'add']) {
    await choose(p, 'Nasreen Iqbal')
    await fresh(p, 'judith')
    await p.press(`desk.exchange.named.${act}`)
    await p.expect(named)
    const there = (await p.page.locator('[data-list=named]').innerText()).includes('Nasreen')
    if (there !== (act === 'add')) throw new Error(`after ${act}, Nasreen is named: ${there}`)
  }
  await hers.go('/desk')
  await hers.reads(dean)
  await colleagueKnows(p, named)
}

// A manager says who knows the family. Of the last safeguarding lead they cannot.
async function colleagueKnows (p, named) {
  await p.go(named)
  await p.press('desk.colleague.link')
  await p.expect(/\/colleague$/).look('a colleague knows the family')
  await p.press('desk.colleague.do')
  await p.look('a colleague knows the family missing')
  for (const who of ['Ruth Calder', 'Bronwen Sayer']) {
    await choose(p, who)
    await fresh(p, 'judith')
    await p.press('desk.colleague.do')
    if (who === 'Ruth Calder') await p.reads(say('fault.exchange.noOtherLead'))
  }
  await p.expect(/\/colleague$/).reads(say('desk.colleague.known'))
  await p.look('a colleague knows the family, said')
}

async function keptOut (walk) {
  const p = await worker(walk, 'owen')
  const his = await walk.person('Dean kept out', 'public')
  await his.enter(known('dean'))
  const exchange = await exchangeOf(p, dean)
  const card = p.page.locator('[data-person]').filter({ hasText: dean })
  await p.press('manage.person.suspend.link', card)
  await p.expect(/^\/person\/pe.*\/suspend$/).look('keep somebody out')
  await p.press('manage.person.suspend.button')
  await p.look('keep somebody out missing')
  await fresh(p, 'owen')
  await p.press('manage.person.suspend.button')
  await p.expect('/people').reads(say('manage.did.suspend'))
  await p.look('people, one kept out')
  await his.go('/letters')
  if (his.last.status() !== 401) throw new Error(`who is kept out still reads: ${his.last.status()}`)
  await p.go(exchange)
  await p.look('exchange with somebody kept out')
  await p.press('manage.person.lift.link', card)
  await p.expect(/\/lift$/).look('let somebody in')
  await fresh(p, 'owen')
  await p.press('manage.person.lift.button')
  await p.expect('/people').reads(say('manage.did.lift'))
  await his.enter(known('dean'))
  await his.expect('/letters')
}

// More than the ten working days that a writer was promised.
async function waitsLong (walk) {
  await goOn('480h')
  const owen = await worker(walk, 'owen')
  await owen.go('/desk')
  await owen.look('desk with late letters')
  const letter = await take(owen, dean)
  const p = await worker(walk, 'judith')
  await p.go('/breaches')
  await p.look('what waits long')
  await p.press('manage.pace.title')
  await p.expect('/pace').look('how long letters are read')
  await p.go('/breaches')
  const card = p.page.locator(`[data-letter="${letter.split('/').pop()}"]`)
  await p.press('manage.takeAway', card)
  await p.expect('/breaches').reads(say('manage.did.taken'))
  await p.look('what waits long, taken away')
  await owen.go(letter)
  if (owen.last.status() !== 409) throw new Error(`a letter that was taken away answers ${owen.last.status()}`)
  await owen.look('letter that was taken away')
  await p.press(card.getByRole('link'))
  await p.expect(letter + '/give').look('give a letter')
  await p.press('manage.give.button')
  await p.look('give a letter missing')
  await choose(p, 'Nasreen Iqbal')
  await p.press('manage.give.button')
  await p.expect('/breaches').reads(say('manage.did.given'))
  const hers = await worker(walk, 'nasreen')
  await hers.go('/desk')
  if (await cardOf(hers, dean, say('desk.tag.mine')).count() !== 1) throw new Error('the letter is not with her')
}

const huw = 'Huw Bevan'

async function comesAndLeaves (walk) {
  const p = await worker(walk, 'judith')
  await p.go('/workers')
  await p.look('workers')
  await p.press('desk.people.newWorker')
  const paper = await desk.paperOf(p, { name: huw, fact: family.fact })
  const his = await walk.person('Huw', 'staff')
  const login = await family.comeIn(his, paper)
  login.secret = await family.setUpCodes(his)
  await his.go('/')
  await desk.confirm(p, huw, await family.ownWords(his), { ...known('judith'), roles: ['letterboxWorker'] })
  const card = p.page.locator('[data-worker]').filter({ hasText: huw })
  const act = async (name, prepare = async () => {}, of = card) => {
    await p.go('/workers')
    await p.press(`manage.worker.${name}.link`, of)
    await p.expect(new RegExp(`^/worker/wk.*/${name}$`)).look(`worker ${name}`)
    await prepare()
    await fresh(p, 'judith')
    await p.press(`manage.worker.${name}.button`)
    await p.reads(say(`manage.did.${name}`))
  }
  await act('roles', async () => {
    await p.press('manage.worker.roles.button')
    await p.look('worker roles missing')
    await p.tick('role', 'intermediaryWorker')
  })
  await act('prolong', async () => {
    const [day, month, year] = await workday(5)
    await p.fill({ 'until-day': day, 'until-month': month, 'until-year': year })
  }, p.page.locator('[data-worker]').filter({ hasText: 'Edith Sorrel' }))
  await his.enter(login)
  await act('suspend')
  await p.look('workers, one kept out')
  await his.go('/desk')
  if (his.last.status() !== 401) throw new Error(`a worker who is kept out still reads: ${his.last.status()}`)
  await act('lift')
  await his.enter(login)
  await leaves(p, his, login, act)
}

// The first part of the work is done with the act. It is held up here, to see
// what a manager sees of a long one.
async function leaves (p, his, login, act) {
  await world.hold()
  await act('leave')
  await p.expect('/keys').look('keys to be replaced')
  await p.press('manage.keys.looksStart')
  await p.expect('/keys').look('keys, a page that looks by itself')
  await p.press('manage.keys.looksStop')
  await his.go('/desk')
  if (his.last.status() !== 401) throw new Error(`who left still reads: ${his.last.status()}`)
  await his.signIn(login)
  await his.expect('/sign-in')
  for (const _ of await rotations(p)) await p.press('manage.keys.stop')
  await p.look('keys, stopped')
  await world.release()
  for (const _ of await rotations(p)) await p.press('manage.keys.goOn')
  if ((await rotations(p)).length) throw new Error('keys are not replaced')
  await p.look('keys replaced')
  const owen = await worker(p.walk, 'owen')
  await exchangeOf(owen, 'Margaret Marsh')
  await owen.reads('Margaret Marsh')
}

/** rotations are the keys that are still to be replaced. */
const rotations = p => p.page.locator('[data-rotation]').filter({ has: p.page.getByRole('button', { name: say('manage.keys.goOn') }) }).all()

// The sentences that writers are told: one is written anew, looked at as its
// writer will read it, and the old one is switched off.
async function saysWhy (walk) {
  const p = await worker(walk, 'judith')
  await p.go('/workers')
  await p.press('reasons.title')
  await p.expect('/reasons').look('reasons')
  const entry = words => p.page.locator('li').filter({ hasText: words }).last()
  await p.press(entry(say('reason.money')).getByRole('link'))
  await p.expect(/^\/reasons\/edit/).look('reason')
  await p.fill({ words: 'You named their school.' })
  await p.press('reasons.preview')
  await p.reads(say('fault.reason.neutral'))
  await p.look('reason refused')
  await p.fill({ words: 'Letters cannot come with anything of value.' })
  await p.press('reasons.preview')
  await p.reads(say('reasons.check.title'), 'anything of value')
  await p.look('reason as its writer reads it')
  await p.press('reasons.check.send')
  await p.expect('/reasons').reads(say('reasons.done'))
  await p.look('reasons changed')
  await p.press(entry('anything of value').locator('button[value=off]'))
  await p.expect('/reasons')
  await p.press(entry(say('reason.money')).locator('button[value=on]'))
  await p.expect('/reasons').reads(say('reasons.done'))
  await p.go('/reasons/edit?list=photo')
  await p.look('reason for photos')
}

export const manage = [restsAndGoesOn, protectsWords, namesWorkers, keptOut, saysWhy]
export const last = [waitsLong, comesAndLeaves]
