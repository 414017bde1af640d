// What workers do with letters beside passing on and returning: each act from
// the page where it begins, with the mistake that people make, to what the
// writer is told. They work on the letters of Dean and of Margaret.
import { known, say, workday } from './browser.mjs'
import { beside, courtForbids } from './staffbeside.mjs'
import { inspection } from './staffinspect.mjs'
import { keys, lostCodes } from './staffkeys.mjs'
import { last, manage } from './staffmanage.mjs'
import { parts } from './staffparts.mjs'
import { photos } from './staffphotos.mjs'
import { recordings } from './staffrecording.mjs'
import { records } from './staffrecords.mjs'

/** worker is somebody of the demo, signed in, in a browser of their own. */
export async function worker (walk, key, how) {
  const p = await walk.person(`${key} at work`, 'staff', undefined, how)
  return p.enter(known(key))
}

/** cardOf is the first letter of a desk that says all these words. */
export const cardOf = (p, ...words) => words.reduce((found, word) => found.filter({ hasText: word }), p.page.locator('[data-letter]')).first()

/** take opens a letter from the desk where the worker stands, or from all that waits, and gives its path. */
export async function take (p, ...words) {
  if (p.path() !== '/desk') await p.go('/desk')
  await p.press(cardOf(p, ...words).getByRole('button'))
  await p.expect(/^\/letter\/lt/)
  return p.path()
}

/** takeNewest is take for the last one of those letters, which came last. */
export async function takeNewest (p, ...words) {
  if (p.path() !== '/desk') await p.go('/desk')
  await p.press(words.reduce((found, word) => found.filter({ hasText: word }), p.page.locator('[data-letter]')).last().getByRole('button'))
  await p.expect(/^\/letter\/lt/)
  return p.path()
}

/** tray opens one of the trays of the desk. */
export async function tray (p, key) {
  await p.go('/desk')
  await p.press(p.page.locator(`[data-list=trays] a[href$="=${key}"]`))
  await p.reads(say(`desk.trayHint.${key}`))
}

/** exchangeOf opens the exchange between these two families. */
export async function exchangeOf (p, ...words) {
  await p.go('/exchanges')
  const cards = words.reduce((found, word) => found.filter({ hasText: word }), p.page.locator('[data-exchange]'))
  await p.press(cards.first().getByRole('link'))
  await p.expect(/^\/exchange\/ex/)
  return p.path()
}

const dean = 'Dean Fallon'
const margaret = 'Margaret Marsh'
const rung = 'Rang him; he rings back after his shift.'
const worry = 'He asks again where they are on Saturdays, and names the swimming pool.'

async function holdsALetter (walk) {
  const p = await worker(walk, 'nasreen')
  await p.go('/desk')
  const letter = await take(p, dean)
  await p.fill({ note: rung })
  await p.press('desk.letter.hold')
  await p.expect(letter + '/hold').look('hold with a note')
  // What another worker gave to the safeguarding lead is not among the earlier letters.
  if ((await p.page.content()).includes('Biscuit is lying on my feet')) throw new Error('a letter in the sealed tray is read beside another')
  if (await p.field('note').inputValue() !== rung) throw new Error('the note does not come along')
  await p.go(letter + '/hold')
  await p.look('hold')
  await p.fill({ 'until-day': '31', 'until-month': '2', 'until-year': '2031' })
  await p.press('desk.hold.do')
  await p.reads(say('desk.hold.untilNeeded'))
  await p.look('hold no such day')
  const [day, month, year] = await workday(3)
  await p.fill({ 'until-day': day, 'until-month': month, 'until-year': year, note: rung })
  await p.press('desk.hold.do')
  await p.expect(letter + '/done').reads(say('desk.doneText.held'))
  await p.look('put on hold')
  await tray(p, 'held')
  await p.look('desk on hold')
  await take(p, dean)
  await p.expect(letter).reads(rung)
  await p.look('letter on hold')
}

async function escalates (walk) {
  const p = await worker(walk, 'nasreen')
  await tray(p, 'held')
  const letter = await take(p, dean)
  await p.fill({ note: worry })
  await p.press('desk.letter.escalate')
  await p.expect(letter + '/escalate')
  if (await p.field('concern').inputValue() !== worry) throw new Error('the note is not where the worry begins')
  await p.go(letter + '/escalate')
  await p.look('escalate')
  await p.press('desk.escalate.do')
  await p.look('escalate missing')
  await p.fill({ concern: worry })
  await p.press('desk.escalate.do')
  await p.expect(letter + '/done').reads(say('desk.doneText.escalated'))
  await p.look('given to the safeguarding lead')
  await escalated(p, margaret, say('desk.tag.paper'))
}

// One more, as quickly as a worker who knows the pages.
async function escalated (p, ...words) {
  await p.go('/desk')
  await take(p, ...words)
  await p.press('desk.letter.escalate')
  await p.fill({ concern: 'Her address is on the back of the paper.' })
  await p.press('desk.escalate.do')
}

async function safeguards (walk) {
  const p = await worker(walk, 'ruth')
  await p.go('/desk')
  await p.expect('/safeguarding').look('safeguarding')
  const open = async (i, words) => {
    await p.press(p.page.locator('[data-referral]').nth(i).getByRole('link').first())
    await p.expect(/^\/referral\/lt/).reads(words)
    return p.path()
  }
  // The oldest first: those of the demo, then Dean's from just now.
  const first = await open(0, 'if he was not around')
  await p.look('referral')
  await p.go(first + '/refuse')
  await p.look('referral refuse')
  await p.press('desk.referral.refuse')
  await p.look('referral refuse missing')
  await p.tick('reason', 'upsetting')
  await p.fill({ words: 'Dean, we read your letter and we are worried about you. Please ring us, at any time.' })
  await p.press('desk.return.back')
  await p.press('desk.referral.refuse')
  if (!await p.page.locator('[name=reason][value=upsetting]').isChecked()) throw new Error('the reason does not come along')
  await p.press('desk.referral.refuse')
  await p.expect('/safeguarding').reads(say('desk.safeguarding.done.refuse'))
  await p.look('safeguarding refused')

  const second = await open(0, 'Her address is on the back')
  await p.go(second + '/keep')
  await p.look('referral keep')
  await p.press('desk.return.back')
  await p.press('desk.referral.keep')
  await p.press('desk.referral.keep')
  await p.expect('/safeguarding').reads(say('desk.safeguarding.done.keep'))

  await p.press('desk.exchange.iKnow', p.page.locator('[data-referral]').first())
  await p.expect(/\/connect$/).look('referral of somebody known')
  await p.press('desk.connect.no')
  const third = await open(0, worry)
  const late = await p.tab()
  await late.go(third + '/connect')
  await p.go(third + '/hand-back')
  await p.look('referral hand back')
  await p.press('desk.return.back')
  await p.press('desk.referral.hand-back')
  await p.fill({ note: 'I spoke to him. The pool was a guess. Decide about it as usual.' })
  await p.press('desk.referral.hand-back')
  await p.expect('/safeguarding').reads(say('desk.safeguarding.done.hand-back'), say('desk.safeguarding.none'))
  await p.look('safeguarding empty')
  await late.press('desk.connect.yes') // the letter is a worker's again
  if (late.last.status() !== 404) throw new Error(`of a letter that is not there, a connection answers ${late.last.status()}`)
  await late.page.close()
}

async function keepsOnFile (walk) {
  const p = await worker(walk, 'nasreen')
  await p.go('/desk')
  const letter = await take(p, dean)
  await p.reads(say('desk.note.what.handback'), 'The pool was a guess.')
  await p.readsNot(worry)
  await p.look('letter from the safeguarding lead')
  await p.fill({ note: 'For Lily and Noah, when they ask.' })
  await p.press('desk.letter.keep')
  await p.expect(letter + '/keep')
  await p.go(letter + '/keep')
  await p.look('keep')
  await p.press('desk.return.back')
  await p.expect(letter + '/keep').press('desk.letter.keep')
  await p.press('desk.keep.do')
  await p.expect(letter + '/done').reads(say('desk.doneText.kept'))
  await p.look('kept on file')
}

async function refusesAgain (walk) {
  const second = [margaret, say('desk.tag.second')]
  const owen = await worker(walk, 'owen')
  await tray(owen, 'second')
  await owen.look('desk second opinions')
  await owen.reads(say('desk.desk.refusedByMe'))

  const p = await worker(walk, 'nasreen')
  await p.go('/desk')
  const letter = await take(p, ...second)
  await p.expect(letter).reads(say('desk.letter.firstReason'))
  await p.look('letter for a second opinion')
  await p.press('desk.letter.refuse')
  await p.go(letter + '/refuse')
  await p.look('refuse')
  await p.press('desk.return.preview')
  await p.look('refuse missing')
  await p.tick('reason', 'money')
  await p.fill({ words: 'Margaret, my colleague was right about the money. Please send the hats in a letter of their own.' })
  await p.press('desk.return.preview')
  await p.reads(say('reason.money'), 'send the hats', say('desk.answer.then.refuse'))
  await p.look('refuse check')
  await p.press('desk.answer.send.refuse')
  await p.expect(letter + '/done').reads(say('desk.doneText.refused'))
  await p.look('refused')
}

async function takesBack (walk) {
  const p = await worker(walk, 'owen')
  const exchange = await exchangeOf(p, 'Margaret Marsh')
  await p.look('exchange with acts')
  await p.press('desk.letter.recall')
  const letter = p.path().replace(/\/recall$/, '')
  await p.expect(/\/recall$/).look('take back')
  await p.fill({ note: 'Rachel rang: not before Easter.' })
  await p.press('desk.back.do.recall')
  await p.expect(letter + '/done').reads(say('desk.doneText.recalled'))
  await p.look('taken back')
  await p.go(exchange)
  await p.press('desk.letter.restore')
  await p.expect(letter + '/restore').look('let it go on')
  await p.press('desk.back.do.restore')
  await p.expect(letter + '/done').reads(say('desk.doneText.passed'))

  await p.go(`${letter}/undeliverable?exchange=${exchange.split('/').pop()}`)
  await p.look('not delivered')
  await p.press('desk.back.do.undeliverable')
  await p.expect(letter + '/done').reads(say('desk.doneText.undeliverable'))
  await p.look('could not be delivered')
  await p.go(`${letter}/recall?exchange=${exchange.split('/').pop()}`)
  if (p.last.status() !== 409) throw new Error(`a letter that is back is taken back again: ${p.last.status()}`)
  await p.look('taken back before')

  await tray(p, 'back')
  await p.look('desk back with us')
  await take(p, margaret)
  await p.expect(letter).reads(say('desk.letter.is.undeliverable'), say('desk.note.what.recall'), 'not before Easter')
  await p.look('letter back with us')
  await p.press('desk.letter.restore')
  await p.press('desk.back.do.restore')
  await p.expect(letter + '/done').reads(say('desk.doneText.passed'))
}

/** workers are the chapters that the families' come after, and lastly those that leave the world much older. */
export const workers = [holdsALetter, escalates, safeguards, keepsOnFile, refusesAgain, takesBack, ...beside, ...photos, ...recordings, ...parts, ...manage, ...inspection, ...keys]
export const lastly = [...last, ...records, courtForbids, lostCodes]
