// One part of the journey, in the mode that the Go test asks for. It goes chapter
// by chapter; later ones stand on what earlier ones of their part made.
import { writeFile } from 'node:fs/promises'
import { applies } from './apply.mjs'
import { brief, failed, goOn, known, narrow, say, Walk, code, world } from './browser.mjs'
import { cases } from './casework.mjs'
import * as desk from './desk.mjs'
import * as family from './family.mjs'
import * as keys from './keyboard.mjs'
import * as kin from './kin.mjs'
import { refusals, stills } from './refusals.mjs'
import { lastly, workers } from './staff.mjs'
import { presses } from './staffpresses.mjs'
import { translations } from './stafftranslate.mjs'
import { stories } from './stories.mjs'

const child = { birth: 'Elsie Rowe', adoptive: 'Elsie Denby' }
const amy = { book: 'birth', name: 'Amy Rowe', relation: 'birth mother', address: '12 Quay Street\nWeldbridge', phone: '07700 900321', calls: 'Elsie', other: 'Claire', self: 'Amy' }
const claire = { book: 'adoptive', name: 'Claire Denby', relation: 'adopter', address: '3 Hill View\nNorth Carrow', phone: '07700 900654', calls: 'Elsie', other: 'Amy', self: 'Claire' }

const first = 'Dear Claire\n\nThank you for the picture of the snow. I keep it on the shelf.\n\nWe are in the yellow house by the docks now.\n\nAmy'
const second = 'Dear Claire\n\nThank you for the picture of the snow. I keep it on the shelf.\n\nDoes Elsie still laugh at ducks? I do.\n\nAmy'
const answer = 'Dear Amy\n\nShe laughs at every duck. Last week one followed us home.\n\nClaire'
const late = 'I began this one at night and fell asleep over it.'

/** begun is what the chapters hand on. */
const begun = {}

async function opening (walk) {
  const owen = begun.owen = await walk.person('Owen', 'staff')
  await owen.go('/desk')
  await owen.look('workers asked to sign in')
  await owen.go('/')
  await owen.expect('/desk').go('/sign-in')
  await owen.look('workers sign-in')
  await owen.press('account.signIn.button')
  await owen.look('workers sign-in wrong')
  await owen.signIn(known('owen'))
  await owen.expect('/desk').look('desk')
  await desk.narrows(owen)
  begun.exchange = await desk.openExchange(owen, { child, sides: [amy, claire] })
  begun.amyPaper = await desk.invite(owen, begun.exchange, amy.name)
}

async function motherComes (walk) {
  const p = begun.amy = await walk.person('Amy', 'public', narrow)
  begun.amyLogin = await family.comeIn(p, begun.amyPaper)
  const words = await family.ownWords(p)
  await p.press('account.done.skip')
  await p.expect('/leaving').look('leaving in a hurry')
  await p.press('account.leaving.next')
  await p.expect('/letters').reads(say('family.letters.onHold'))
  await p.look('letters on hold')

  // On hold she may begin, and not send.
  await family.write(p, 'Dear Claire')
  await p.look('write on hold')
  await p.press('family.write.check')
  await p.reads(say('family.check.onHold')).then(p => p.look('check on hold'))
  await p.press('family.check.change')
  await p.press('family.write.delete')
  await p.expect(/\/delete$/).look('delete a draft')
  await p.press('family.delete.yes')
  await p.expect('/letters').reads(say('family.letters.deleted'))
  await p.look('draft deleted')
  await p.signOut()
  await p.expect('/signed-out').look('signed out')

  await desk.confirm(begun.owen, amy.name, words, known('owen'))
}

async function motherWrites (walk) {
  const p = begun.amy
  await p.press('account.signedOut.again')
  await p.expect('/sign-in').look('sign-in')
  await p.fill({ name: begun.amyLogin.login, passphrase: 'not this one at all' })
  await p.press('account.signIn.button')
  await p.look('sign-in wrong')
  await keys.signIn(p, begun.amyLogin)
  await p.expect('/letters').reads(say('family.letters.with', { With: claire.self }))
  await p.look('letters empty')

  await family.write(p, '')
  await p.look('write')
  await p.press('family.write.check')
  await p.reads(say('family.write.empty'))
  await p.look('write empty')
  await keys.type(p, first)
  await p.press('family.write.save')
  await p.expect(/^\/draft\//).reads(say('family.write.saved'))
  await p.look('draft saved')

  // The button to leave keeps the last word too, and ends the session.
  const draft = p.path()
  await p.fill({ text: first + '\n\nGood night' })
  await family.leaves(p, p.by(say('family.write.leave')))
  await p.go(draft)
  await p.expect(draft).readsNot('Good night', 'shelf')
  if (p.last.status() !== 401) throw new Error(`after leaving, the draft answers ${p.last.status()}`)
  await p.look('asked to sign in')
  await p.signIn(begun.amyLogin)
  await p.look('letters with a draft')
  await p.press(p.main().getByRole('link', { name: /^Draft/ }))
  await p.expect(draft)
  await family.holds(p, first + '\n\nGood night')
  await hinted(p, draft)
  await p.fill({ text: first })
  await twoTabs(p, draft)
  await keys.send(p)
  await p.expect(/^\/sent\//).reads(say('family.sent.sent'))
  await p.look('sent')
}

// What could tell who or where somebody is stands beside the letter before it goes, and holds nothing back.
async function hinted (p, draft) {
  await p.fill({ text: first + '\n\nMy granny died in May. Ring me on 07700 900321, Amy Rowe.' })
  await p.press('family.write.check')
  await p.expect(draft + '/check').reads(say('family.hint.title'), say('family.hint.phone'), say('family.hint.name'), say('family.hint.care'), say('family.check.send'))
  await p.look('read it once more, with hints')
  await p.press('family.check.change')
  await p.expect(draft)
  await p.press('family.write.save')
  await p.expect(draft).reads(say('family.hint.title'), say('family.write.saved'))
  await p.look('draft saved, with hints')
}

// A draft that is open twice keeps both texts.
async function twoTabs (p, draft) {
  const other = await p.tab()
  await other.go(draft)
  await other.fill({ text: 'Written in the other window.' })
  await other.press('family.write.save')
  await p.press('family.write.save')
  await p.reads(say('family.write.conflict'), 'Written in the other window.')
  await family.holds(p, first)
  await p.look('draft saved twice')
  await other.page.close()
}

async function comesBack (walk) {
  const p = begun.owen
  // A colleague takes it first; on a desk that was opened before it is still free.
  const nasreen = await walk.person('Nasreen', 'staff')
  await nasreen.enter(known('nasreen'))
  await p.go('/desk')
  const letter = await desk.claim(nasreen, amy.name)
  await p.press(p.page.locator('[data-letter]').filter({ hasText: amy.name }).getByRole('button').first())
  await p.reads(say('fault.letter.claimed'))
  await p.look('claimed by a colleague')
  await nasreen.look('letter to read')
  await nasreen.press('desk.letter.release')
  await nasreen.expect('/desk')

  await desk.claim(p, amy.name)
  await p.expect(letter).reads('the yellow house by the docks')
  await p.fill({ note: 'A call might help.' })
  await p.press('desk.letter.return')
  await p.expect(letter + '/return').look('return with a note')
  if (await p.field('note').inputValue() !== 'A call might help.') throw new Error('the note does not come along')
  await p.go(letter + '/return')
  await p.look('return')
  await p.press('desk.return.preview')
  await p.look('return missing')
  await p.tick('reason', 'identifying')
  await p.fill({ words: 'Amy, this is a kind letter. Please take out where you live.', note: 'A call might help.' })
  await p.press('desk.kinder.do')
  await p.look('return with a kinder wording')
  const filled = await p.field('words').inputValue()
  if (!filled.startsWith('Amy, this') || !filled.endsWith(say('reason.kinder.identifying'))) throw new Error(`the words are ${filled}`)
  await p.press('desk.return.preview')
  await p.reads(say('reason.identifying'), 'Please take out where you live.')
  await p.look('return check')
  await p.press('desk.check.change')
  await p.press('desk.return.preview')
  await p.press('desk.answer.send.return')
  await p.expect(letter + '/done').reads(say('desk.doneText.returned'))
  await p.look('returned')

  const her = begun.amy
  await her.go('/letters')
  await her.reads(say('family.told.returned'))
  await her.look('letters with one that came back')
  await her.press(her.main().locator('.gp-thread a').first())
  await her.reads(say('reason.identifying'), 'Please take out where you live.', 'the yellow house')
  await her.readsNot('A call might help')
  await her.look('came back')
  await her.press('family.sent.again')
  await her.expect(/^\/draft\//).reads('Please take out where you live.')
  await family.holds(her, first)
  await her.look('write again')
  await her.fill({ text: second })
  await family.send(her)
  await begun.amy.go('/letters')
  await begun.amy.reads(say('family.told.replaced'))
}

async function crosses (walk) {
  begun.claire = await walk.person('Claire', 'public')
  const paper = await desk.invite(begun.owen, begun.exchange, claire.name)
  begun.claireLogin = await family.comeIn(begun.claire, paper, { busy: () => busy(begun.claire) })
  const words = await family.ownWords(begun.claire)
  await begun.claire.press('account.done.secondStep')
  begun.claireLogin.secret = await family.setUpCodes(begun.claire)
  await begun.claire.go('/start/done')
  await begun.claire.readsNot(say('account.done.secondStepWhy'))
  await desk.confirm(begun.owen, claire.name, words, known('owen'))

  // His code is more than an hour old when he decides.
  const p = begun.owen
  const letter = await desk.claim(p, amy.name)
  await p.reads('Does Elsie still laugh at ducks?')
  const left = await p.page.locator('[data-view=changed] del').allInnerTexts()
  if (!left.join(' ').includes('yellow house')) throw new Error(`what is gone from the rewrite is marked as ${left}`)
  await p.page.locator('summary').filter({ hasText: say('desk.told.replaced') }).click()
  await p.reads('the yellow house')
  await p.look('letter written again')
  await anHour(p, letter)
  await p.fill({ note: 'All well now.' })
  await p.press('desk.letter.pass')
  await p.expect(letter + '/pass').look('one more step')
  await p.fill({ 'step-up-code': '123456' })
  await p.press('account.stepUp.button')
  await p.look('one more step wrong')
  await p.fill({ 'step-up-code': await code(known('owen').secret) })
  await p.press('account.stepUp.button')
  await p.expect(letter + '/done').reads(say('desk.doneText.passed'))
  await p.look('passed on')
  await p.go(begun.exchange)
  await p.reads(say('desk.state.waiting'), say('desk.state.replaced'))
  await p.look('exchange with letters')
}

// More than an hour passes for somebody who looks at a page now and then, so
// that they stay signed in and their code grows old.
async function anHour (p, where) {
  for (let i = 0; i < 5; i++) {
    await goOn('14m')
    await p.go(where)
  }
}

// While too many come in at once, nothing is lost.
async function busy (p) {
  await world.busy()
  await p.press('account.passphrase.offered')
  await p.reads(say('fault.busy'))
  await p.look('busy')
  await world.calm()
  await p.go('/start/passphrase')
}

async function adopterAnswers () {
  const p = begun.claire
  await p.enter(begun.claireLogin)
  await p.reads(say('family.letters.came', { With: amy.self }))
  await p.readsNot('ducks')
  await p.look('letters with a new one')
  await p.press('family.letters.look', p.main())
  await p.expect(/^\/letter\/dl/).readsNot('ducks')
  await p.look('a letter has come')
  await p.press('family.cover.open')
  await p.expect(/\/read$/).reads('Does Elsie still laugh at ducks? I do.')
  await p.readsNot('yellow house')
  await p.look('read a letter')
  await p.go(p.path().replace(/\/read$/, ''))
  await p.look('a letter that was opened')
  await p.go('/letters')
  await p.press('family.letters.all')
  await p.expect(/^\/side\//).look('all letters')
  await p.press(p.main().locator('.gp-thread a').first())
  await p.press('family.cover.opened')
  await p.press('family.read.answer', p.main())
  await p.fill({ text: answer })
  await family.send(p)
}

// Two clicks, and the same page in a second tab: the letter is delivered once.
async function deliveredOnce () {
  const p = begun.owen
  const letter = await desk.claim(p, claire.name)
  const other = await p.tab()
  await other.go(letter)
  await p.by(say('desk.letter.pass')).dblclick()
  // The second press may break the first one's answer off, so the words are waited for.
  await p.main().getByText(say('desk.doneText.passed')).waitFor()
  await p.expect(letter + '/done')
  await other.press('desk.letter.pass')
  await other.reads(say('desk.doneText.passed'))
  await other.page.close()

  const her = begun.amy
  await her.enter(begun.amyLogin)
  await her.expect('/letters')
  const came = await her.main().getByText(say('family.letters.came', { With: claire.self })).count()
  if (came !== 1) throw new Error(`${came} letters came from one`)
  await her.press('family.letters.look', her.main())
  await her.press('family.cover.open')
  await her.reads('Last week one followed us home.')
  await her.look('the answer')
}

async function sessions (walk) {
  const p = begun.amy
  const phone = await walk.person('Amy elsewhere', 'public', narrow, { keeps: true })
  await phone.go('/sign-in')
  await phone.tick('remember', 'yes')
  await phone.signIn(begun.amyLogin)
  await phone.expect('/leaving')
  await p.go('/account')
  await p.look('account')
  await p.press('account.own.end', p.main())
  await p.expect('/account').reads(say('account.own.ended'))
  await p.look('account ended one')
  await phone.go('/letters')
  if (phone.last.status() !== 401) throw new Error('signed out there, and the page still answers')
  await phone.look('signed out from elsewhere')
  await phone.signIn(begun.amyLogin)

  await p.go('/letters')
  await p.press('family.letters.all')
  const lines = await p.main().locator('.gp-thread__item').allInnerTexts()
  const line = key => lines.findIndex(text => text.includes(say(key)))
  if (line('timeline.youRewrote') < line('timeline.passedOn')) throw new Error(`the old letter stands above the new one: ${lines}`)

  // The back button after signing out shows no letter.
  await phone.go('/letters')
  await phone.press('family.letters.all')
  await phone.press(phone.main().getByRole('link', { name: say('timeline.youOpened', { With: claire.self }) }))
  await phone.press('family.cover.opened')
  await phone.reads('one followed us home')
  await phone.signOut()
  for (let i = 0; i < 3; i++) {
    await phone.back()
    await phone.readsNot('one followed us home', 'followed', claire.self)
  }
  await phone.go('/sign-in')
  await phone.signIn(begun.amyLogin)
  await p.go('/account')
  await p.press('account.own.all')
  await p.expect('/signed-out')
  for (const one of [p, phone]) {
    await one.go('/letters')
    if (one.last.status() !== 401) throw new Error(`signed out everywhere, and ${one.name} still reads`)
  }
  // The link that leaves stands on every other page.
  await phone.signIn(begun.amyLogin)
  await phone.go('/letters')
  await family.leaves(phone, phone.page.locator('a.govuk-exit-this-page__button'))
  await phone.go('/letters')
  if (phone.last.status() !== 401) throw new Error('the quick exit left the session alive')
  await phone.close()

  // Codes can be changed, with a code.
  const c = begun.claire
  await c.enter(begun.claireLogin)
  await anHour(c, '/letters')
  await c.go('/second-step')
  await c.look('one more step on a page')
  await c.fill({ 'step-up-code': await code(begun.claireLogin.secret) })
  await c.press('account.stepUp.button')
  await c.expect('/second-step').look('second step again')
}

// A session that died over a letter keeps the letter.
async function diesWriting () {
  const p = begun.amy
  await p.signIn(begun.amyLogin)
  await family.write(p, late)
  await goOn('61m')
  await p.press('family.write.save')
  if (p.last.status() !== 401) throw new Error(`a save in a dead session answers ${p.last.status()}`)
  await p.reads(say('account.signIn.carried'))
  await p.readsNot('fell asleep')
  await p.look('signed out while writing')
  await p.fill({ name: begun.amyLogin.login, passphrase: 'wrong once' })
  await p.press('account.signIn.button')
  await p.look('signed out while writing, wrong')
  await p.signIn(begun.amyLogin)
  await p.expect(/^\/draft\//).reads(say('family.write.kept'))
  await family.holds(p, late)
  await p.look('draft kept')
}

async function staff (walk) {
  const p = begun.owen
  await p.enter(known('owen'))
  await p.go('/search')
  await p.look('search')
  await p.fill({ name: 'x' })
  await p.press('desk.search.search')
  await p.look('search too short')
  await p.fill({ name: 'Marsh' })
  await p.press('desk.search.search')
  await p.reads('Kelly Marsh', 'Margaret Marsh')
  await p.look('search found')
  await p.press(p.page.locator('[data-person]').first().getByRole('link', { name: /^Exchange/ }))
  await p.press('desk.exchange.another')
  await p.look('opening about known children')
  await p.back()
  await p.expect(/^\/exchange\/ex/)
  await p.press('desk.exchange.iKnow')
  await p.expect(/\/connect$/).look('connect')
  const knownFamily = p.path().replace(/\/connect$/, '')
  await p.press('desk.connect.yes')
  await p.expect('/exchanges').go(knownFamily)
  await p.reads(say('desk.exchange.connected'))
  await p.look('exchange connected')
  await p.go('/desk')
  await p.look('desk with a family that he knows')
  await p.go('/account')
  await p.look('worker account')

  const judith = await walk.person('Judith', 'staff')
  await judith.enter(known('judith'))
  await judith.look('manager desk')
  await judith.go('/people')
  await judith.press('desk.people.newWorker')
  await judith.expect('/worker/new').look('new worker')
  await judith.press('desk.invite.make')
  await judith.look('new worker missing')
  const paper = await desk.paperOf(judith, { name: 'Bryn Lloyd', fact: family.fact })
  const bryn = await walk.person('Bryn', 'staff')
  const login = await family.comeIn(bryn, paper)
  login.secret = await family.setUpCodes(bryn)
  await bryn.go('/')
  const words = await family.ownWords(bryn)
  await desk.confirm(judith, 'Bryn Lloyd', words, { ...known('judith'), roles: ['letterboxWorker'] })
  await bryn.signOut()
  await bryn.look('worker signed out')
  await bryn.enter(login)
  await bryn.expect('/desk')
  await workerAccount(walk, bryn, login)
}

async function workerAccount (walk, p, login) {
  const other = await walk.person('Bryn elsewhere', 'staff')
  await other.enter(login)
  await p.go('/account')
  await p.press('account.own.end', p.main())
  await p.reads(say('account.own.ended'))
  await anHour(p, '/account')
  await p.go('/second-step')
  await p.fill({ 'step-up-code': await code(login.secret) })
  await p.press('account.stepUp.button')
  await p.expect('/second-step').look('worker second step again')
  await p.go('/account')
  await p.press('account.own.all')
  await p.expect('/signed-out')
}

const letter = [opening, motherComes, motherWrites, comesBack, crosses, adopterAnswers, deliveredOnce, sessions, diesWriting, staff]
const wrong = [function refused (walk) { return refusals(walk, begun) }, stills]

/** parts are walked at the same time, each in a world of its own. */
const parts = {
  letters: [...letter, ...workers, ...wrong, ...kin.chapters, ...lastly],
  cases: [...applies, ...cases, ...stories],
  desk: [...presses, ...translations],
  // Of pages whose scripts do not come, a letter and its answer tell enough: all are walked without scripts, too.
  first: letter.slice(0, letter.indexOf(sessions))
}

// JOURNEY_ONLY names chapters, for whoever mends one of them.
const only = brief.only ? brief.only.split(',') : null

const walk = await Walk.begin()
try {
  for (const chapter of parts[brief.part].filter(c => !only || only.includes(c.name))) {
    const from = Date.now()
    await chapter(walk)
    console.log(`${brief.mode}: ${chapter.name}, ${((Date.now() - from) / 1000).toFixed(1)} s`)
  }
} catch (error) {
  walk.fault(error.stack)
  console.log(`pictures of where it stopped: ${await failed(walk)}`)
}
const report = await walk.end()
await writeFile(brief.report, JSON.stringify(report))
console.log(`${brief.mode}: ${report.looked.length} pages looked at, ${report.asked.length} asked for, axe asked ${walk.axed} times, ${walk.faults.length} faults`)
for (const fault of walk.faults) console.log(`FAULT ${fault}`)
process.exit(walk.faults.length ? 1 : 0)
