// What families do with letters beside writing and reading them: a mother on an
// old phone, a mother whose letter was refused, two adopters of one side.
import { goOn, known, narrow, say, world } from './browser.mjs'
import * as family from './family.mjs'
import { account } from './kinaccount.mjs'
import { homes } from './kinhomes.mjs'
import { exchangeOf, take, takeNewest, worker } from './staff.mjs'

/** section is what the front page shows of the letters with somebody. */
export const section = (p, other) => p.main().locator('section').filter({ has: p.page.getByRole('heading', { name: say('family.letters.with', { With: other }), exact: true }) })

/** upTo is what stands before the day in a sentence that ends with one. */
export const upTo = key => say(key, { Day: '\n' }).split('\n')[0]

/** lineOf is one letter on a page, by how it stands. */
export const lineOf = (within, key) => within.locator('.gp-thread__item').filter({ hasText: upTo(key) }).getByRole('link').first()

/** happened opens what happened between somebody and the other family. */
export async function happened (p, other) {
  await p.go('/letters')
  await p.press('family.letters.all', section(p, other))
  await p.expect(/^\/side\/sd/)
  return p.path()
}

const worry = 'I have not slept well since the last letter. Can somebody ring me on a Tuesday?'
const begun = 'Dear Rachel and Tom\n\nI do not know how to say this.'
const regret = 'Dear Rachel and Tom\n\nI am cross that it takes so long.\n\nKelly'

async function motherLooks (walk) {
  const p = await walk.person('Kelly', 'public', narrow)
  await p.enter(known('kelly'))
  await p.reads(say('family.letters.keptHeading'))
  await p.look('letters at every state')
  const side = await happened(p, 'Rachel and Tom')
  await p.reads(say('timeline.youSent'), say('timeline.youKept', { With: 'Rachel and Tom' }), say('timeline.weAnswered'))
  await p.look('what happened')

  // What she told before has its answer; she tells more.
  await p.press('family.side.messages')
  await p.expect(side + '/messages').reads('I am moving at the end of the month.', 'Nothing changes for the letters that you read here.')
  await p.look('messages')
  await p.press('family.letters.tell')
  await p.expect(side + '/tell').look('tell')
  await p.press('family.tell.button')
  await p.look('tell empty')
  await p.fill({ message: worry })
  await p.press('family.tell.button')
  await p.expect(side + '/messages').reads(say('family.messages.told'), worry)
  await p.look('messages told')

  await p.go('/letters')
  await p.press(p.main().getByRole('link', { name: say('family.letters.keptOne').trim() }).first())
  await p.expect(/^\/letter\/dl/).reads(say('family.cover.kept'))
  await p.look('a letter for another day')
  const kept = p.path()

  // She would have it read to her, and asks.
  await p.press('family.help.link.read')
  await p.expect(side + '/read-to-me').look('read to me')
  await p.press('family.help.do.read')
  await p.expect(side + '/messages').reads(say('family.messages.told'), say('family.help.say.read'))
  await p.go(kept)
  await p.press('family.cover.open')
  await p.expect(/\/read$/)
  await p.go('/letters')
  await p.readsNot(say('family.letters.keptHeading'))

  // A worker is asked to write with her; what she began is kept.
  await p.go(side)
  await p.press('family.letters.write')
  await p.expect(/^\/write\//)
  await p.fill({ text: begun })
  await p.press('family.help.link.write')
  await p.expect(side + '/write-with-me').look('write with me')
  await p.press('family.help.do.write')
  await p.expect(side + '/messages').reads(say('family.help.say.write'))
  await p.go(side)
  await p.press(p.main().locator('a[href^="/draft/"]').first())
  await family.holds(p, begun)
  await p.press('family.write.delete')
  await p.press('family.delete.yes')
}

async function motherPrints (walk) {
  const p = await walk.person('Kelly', 'public', narrow)
  await p.enter(known('kelly'))
  const side = await happened(p, 'Rachel and Tom')
  await p.press('family.side.copies')
  await p.expect(side + '/copies').look('copies')
  await p.press('family.copies.all')
  await p.expect(side + '/copies/print').look('copies to print')
  await p.page.emulateMedia({ media: 'print' })
  const seen = await p.page.evaluate(() => ['.govuk-service-navigation', '.gp-footer', 'main h1', '.govuk-exit-this-page', '.gp-copy'].map(s => document.querySelector(s)?.checkVisibility() ?? false))
  if (seen.join() !== 'false,false,false,false,true') p.walk.fault(`printed letters show menu, footer, heading, quick exit, letter: ${seen}`)
  await p.page.emulateMedia({ media: null })
}

async function motherTakesBack (walk) {
  const p = await walk.person('Kelly', 'public', narrow)
  await p.enter(known('kelly'))
  await family.write(p, regret)
  await family.send(p)
  const letter = p.path()
  await p.press('family.sent.withdraw')
  await p.expect(letter + '/withdraw').look('take back')
  // The same page in another window: it is taken back once.
  const other = await p.tab()
  await other.go(letter + '/withdraw')
  await p.press('family.withdraw.yes')
  await p.expect(letter).reads(say('family.sent.withdrawn'), 'I am cross')
  await p.look('taken back')
  await other.press('family.withdraw.yes')
  await other.expect(letter).reads(say('family.told.withdrawn'))
  await other.page.close()
}

// Her letter to one home was refused. She asks for somebody else, and puts a
// letter that came aside.
async function asksAgain (walk) {
  const p = await walk.person('Joanne', 'public', narrow)
  await p.enter(known('joanne'))
  await p.look('letters of two homes')
  await happened(p, 'Helen')
  await p.look('what happened, one was refused')
  await p.press(lineOf(p.main(), 'timeline.refused'))
  await p.expect(/^\/sent\/lt/).reads(say('family.sent.whyNot'), say('reason.upsetting'), 'This letter would frighten Mia', say('family.sent.mayAsk'))
  await p.look('sent and refused')
  const letter = p.path()
  await p.press('family.sent.askAgain')
  await p.expect(letter + '/again').look('ask somebody else')
  await p.press('family.again.yes')
  await p.expect(letter).reads(say('family.sent.askedAgain'))
  await p.look('asked somebody else')
  await p.go(letter + '/again')
  await p.expect(letter)

  await p.go('/letters')
  await p.press('family.letters.look', section(p, 'Helen'))
  await p.look('a letter has come, not today')
  await p.press('family.cover.keep')
  await p.expect('/letters').reads(say('family.letters.kept'))
  await p.look('letters with one for another day')
}

// What she took back, and what we called back.
async function adopterLooks (walk) {
  const p = await walk.person('Helen', 'public')
  await p.enter(known('helen'))
  await happened(p, 'Joanne')
  await p.reads(say('timeline.withdrawn'), upTo('timeline.backWithUsBy'))
  await p.look('what happened, one is with us again')
  await p.press(lineOf(p.main(), 'timeline.backWithUsBy'))
  await p.expect(/^\/sent\/lt/).reads(upTo('family.told.backWithUs'))
  await p.look('with us again')
}

// A letter that waits out its delay is not there yet for those whom it is for; its
// writer reads what every writer reads.
async function notYet (walk) {
  const helen = await walk.person('Helen', 'public')
  await helen.enter(known('helen'))
  await happened(helen, 'Priya and Mark')
  await helen.reads(say('timeline.passedOn'))
  await helen.look('what happened, a letter waits for its day')
  const priya = await walk.person('Priya', 'public')
  await priya.enter(known('priya'))
  await priya.go('/letters')
  await priya.readsNot(say('family.letters.came', { With: 'Helen' }))
  await priya.look('letters, one of which nobody knows waits for its day')
}

// A child is nearly eighteen: a letter from a grandfather still comes.
async function nearlyOfAge (walk) {
  const arthur = await walk.person('Arthur', 'public')
  await arthur.enter(known('arthur'))
  await arthur.look('letters, a child is nearly eighteen')
  await happened(arthur, 'Grace')
  await arthur.look('what happened, a child is nearly eighteen')
  const grace = await walk.person('Grace', 'public')
  await grace.enter(known('grace'))
  await grace.reads(say('family.letters.came', { With: 'Arthur' }))
  await grace.look('letters, one for a child who is nearly eighteen')
  await comesOfAge(walk, arthur, grace)
}

const backAgain = 'Dear Grace\n\nTell Ellis that the boat is painted. It is blue again.\n\nArthur'

// The day comes. A letter that nobody has opened, and one that is back with the
// agency, go no further. Who wrote hears what they heard before, or that it is
// kept; who would have read it hears that it has gone; and the desk shows why.
async function comesOfAge (walk, arthur, grace) {
  await family.write(arthur, backAgain)
  await family.send(arthur)
  const p = await worker(walk, 'nasreen')
  const letter = await takeNewest(p, 'Arthur Penrose')
  await p.press('desk.letter.pass')
  await p.expect(letter + '/done')
  const exchange = await exchangeOf(p, 'Arthur Penrose')
  await p.go(`${letter}/recall?exchange=${exchange.split('/').pop()}`)
  await p.press('desk.back.do.recall')
  await p.expect(letter + '/done').reads(say('desk.doneText.recalled'))
  await grace.go('/letters')
  await grace.press('family.letters.look', grace.main())
  await grace.expect(/^\/letter\/dl/)
  const cover = grace.path()

  await world.eighteen()
  await grace.press('family.cover.open')
  for (const how of ['opened', 'asked for']) {
    if (grace.last.status() !== 410) throw new Error(`a letter that stopped at eighteen, ${how}, answers ${grace.last.status()}`)
    await grace.reads(say('fault.letter.back'))
    if (how === 'opened') await grace.look('a letter that stopped when a child came of age')
    await grace.go(cover)
  }
  await grace.go('/letters')
  await grace.reads(say('family.letters.closed'))
  await grace.readsNot(say('family.letters.came', { With: 'Arthur' }))
  await grace.look('letters of a home whose child came of age')
  await arthur.go('/letters')
  await arthur.reads(say('family.told.passedOn'), say('family.told.keptOnFile'), say('family.letters.closed'))
  await arthur.look('letters to a home whose child came of age')
  await happened(arthur, 'Grace')
  await arthur.reads(say('timeline.keptOnFile'))
  await arthur.look('what happened, and a child came of age')
  await p.go(exchange)
  await p.reads(say('desk.state.stoppedAt18'))
  await p.look('exchange about a child who came of age')
}

// A home moved and is ready again: its letter comes when a worker has looked. In
// another exchange of that home letters rest.
async function homeMoved (walk) {
  const imelda = await walk.person('Imelda', 'public', narrow)
  await imelda.enter(known('imelda'))
  await imelda.readsNot(say('family.letters.came', { With: 'Lorna' }))
  await imelda.look('letters, one of which was stopped and one home rests')
  const owen = await worker(walk, 'owen')
  await owen.go('/desk?show=stopped')
  await owen.press(owen.page.locator('[data-letter]').filter({ hasText: 'Lorna Keeble' }).getByRole('button'))
  await owen.press('desk.letter.lift')
  await owen.press('desk.back.do.lift')
  await imelda.go('/letters')
  await imelda.reads(say('family.letters.came', { With: 'Lorna' }))
  const clive = await walk.person('Clive', 'public')
  await clive.enter(known('clive'))
  await clive.look('letters that rest')
}

// Both adopters have a log-in of their own on one side: each opens the letter,
// and both write at one draft.
async function twoAdopters (walk) {
  const nasreen = await worker(walk, 'nasreen')
  await take(nasreen, 'Kelly Marsh')
  await nasreen.press('desk.letter.pass')
  await nasreen.expect(/\/done$/)

  const rachel = await walk.person('Rachel', 'public', narrow)
  const tom = await walk.person('Tom', 'public')
  await rachel.enter(known('rachel'))
  await tom.enter(known('tom'))
  for (const p of [rachel, tom]) {
    await p.go('/letters')
    await p.reads(say('family.letters.came', { With: 'Kelly' }))
  }
  await rachel.press('family.letters.look', section(rachel, 'Kelly'))
  await rachel.press('family.cover.open')
  await rachel.expect(/\/read$/)
  await tom.go('/letters')
  await tom.readsNot(say('family.letters.came', { With: 'Kelly' }))
  await tom.press(section(tom, 'Kelly').getByRole('link', { name: say('family.letters.keptOne').trim() }).first())
  await tom.press('family.cover.opened')
  await tom.expect(/\/read$/)
  await happened(tom, 'Kelly')
  await tom.look('what happened, as another adopter sees it')
}

// Nobody read what she sent in three weeks. She is told before she asks.
async function nobodyInSilence (walk) {
  await goOn('504h')
  const p = await walk.person('Kelly', 'public', narrow)
  await p.enter(known('kelly'))
  await p.reads(say('family.late.say'), say('family.told.late'))
  await p.look('letters, we are late')
  const side = await happened(p, 'Rachel and Tom')
  await p.reads(say('family.late.say'), say('family.late.call'))
  await p.look('what happened, we are late')
  await p.go(side + '/messages')
  await p.reads(say('family.late.say'))
  await p.look('messages, we are late')
  await p.go('/letters')
  await p.press(lineOf(p.main(), 'family.told.late'))
  await p.expect(/^\/sent\/lt/).reads(say('family.late.safe'))
  await p.look('sent, we are late')
}

/** chapters, in their order: the last sets the clock far forward. */
export const chapters = [motherLooks, motherPrints, motherTakesBack, asksAgain, adopterLooks, notYet, nearlyOfAge, homeMoved, twoAdopters, ...account, ...homes, nobodyInSilence]
