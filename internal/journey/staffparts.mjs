// Parts of a letter that do not go on: its writer is asked and agrees, asks another
// worker, and what is left out unasked takes two.
import { known, say } from './browser.mjs'
import * as family from './family.mjs'
import { takeNewest, worker } from './staff.mjs'

const dean = 'Dean Fallon'

async function writes (walk, text) {
  const his = await walk.person('Dean', 'public')
  await his.enter(known('dean'))
  await family.write(his, text)
  await family.send(his)
  return his
}

/** asks has the letter's writer asked about these words; the worker reads it already. */
async function asks (p, letter, words) {
  await p.press('proposal.title.propose')
  await p.expect(letter + '/propose')
  await p.fill({ 'words-1': words })
  await p.field('why-1').selectOption('promises')
  await p.press('proposal.do.propose')
  await p.expect(letter + '/done').reads(say('desk.doneText.proposed'))
}

/** goesOn passes on what this worker reads; after a worry about the writer another one reads it first. */
async function goesOn (walk, p, letter, ...others) {
  if (await p.page.locator('[data-act=first]').count()) {
    await p.press('desk.letter.first')
    await p.expect(letter + '/done')
    p = await worker(walk, others[0])
    await takeNewest(p, dean)
    await p.expect(letter)
  }
  await p.press('desk.letter.pass')
  await p.expect(letter + '/done')
}

async function proposes (walk) {
  const his = await writes(walk, 'Dear Rachel and Tom\n\nNext year we will all go to the fair together. The lambs are out.\n\nDean')
  const owen = await worker(walk, 'owen')
  await owen.go('/desk')
  const letter = await takeNewest(owen, dean)
  await owen.go(letter + '/propose')
  await owen.look('ask the writer to leave parts out')
  await owen.press('proposal.do.propose')
  await owen.reads(say('fault.proposal.none'))
  await owen.fill({ 'words-1': 'a ferris wheel' })
  await owen.press('proposal.do.propose')
  await owen.reads(say('fault.proposal.where'))
  await owen.look('parts that are not there')
  await owen.press('desk.return.back')
  await asks(owen, letter, 'Next year we will all go to the fair together')
  await owen.look('the writer is asked')

  const sent = letter.replace('/letter/', '/sent/')
  await owen.go(letter + '/unask')
  await owen.look('take back what the writer was asked')
  await owen.press('proposal.unask.do')
  await owen.expect('/desk')
  await his.go(sent)
  await his.reads(say('family.sent.takenBack'))
  await takeNewest(owen, dean)
  await owen.expect(letter)
  await asks(owen, letter, 'Next year we will all go to the fair together')

  await his.go('/letters')
  await his.reads(say('family.told.proposed'))
  await his.go(sent)
  await his.look('asked about a letter')
  await his.press('family.parts.look')
  await his.expect(sent + '/agree').reads('The lambs are out.', say('reason.promises'))
  await his.look('what would be left out')
  await his.press('family.parts.yes')
  await his.expect(sent).reads(say('family.parts.said'), say('family.parts.agreed'))
  await his.look('agreed to leave parts out')

  await takeNewest(owen, dean)
  await owen.expect(letter).reads('[…]. The lambs are out.')
  await owen.readsNot('to the fair')
  await owen.look('letter as agreed')
  await owen.press('proposal.original')
  await owen.expect(letter + '/original').look('letter as it came, asked for')
  await owen.press('proposal.originalDo')
  await owen.reads(say('fault.original.why'))
  await owen.look('letter as it came, without a reason')
  await owen.fill({ why: 'He rang and asked what he had written.' })
  await owen.press('proposal.originalDo')
  await owen.reads('we will all go to the fair together')
  await owen.look('letter as it came')
  await owen.press('proposal.toLetter')
  await goesOn(walk, owen, letter, 'nasreen')
}

async function appeals (walk) {
  const his = await writes(walk, 'Dear Rachel and Tom\n\nI will be there at every match. The hens lay again.\n\nDean')
  const owen = await worker(walk, 'owen')
  await owen.go('/desk')
  const letter = await takeNewest(owen, dean)
  await asks(owen, letter, 'at every match')
  const sent = letter.replace('/letter/', '/sent/')
  await his.go(sent + '/agree')
  await his.press('family.parts.ask')
  await his.expect(sent + '/again').reads(say('family.again.whatParts'))
  await his.look('ask another worker about parts')
  await his.press('family.again.yes')
  await his.expect(sent).reads(say('family.sent.askedAgain'), say('family.parts.first'))
  await his.look('another worker looks at it')

  await takeNewest(owen, dean)
  await owen.expect(letter).reads(say('desk.letter.whyNot.refusedBefore'))
  await owen.press('desk.letter.release')
  const nasreen = await worker(walk, 'nasreen')
  await takeNewest(nasreen, dean)
  await nasreen.expect(letter).reads(say('proposal.appealed'))
  await nasreen.look('letter of which the writer was asked')
  await nasreen.press('proposal.title.cut')
  await nasreen.expect(letter + '/cut')
  await nasreen.go(letter + '/cut')
  await nasreen.look('leave parts out without asking')
  await nasreen.fill({ 'words-1': 'I will be there at every match' })
  await nasreen.field('why-1').selectOption('upsetting')
  await nasreen.press('proposal.do.cut')
  await nasreen.reads(say('fault.cut.why'))
  await nasreen.look('left out without a reason')
  await nasreen.fill({ note: 'He was told twice, and cannot be asked a third time.' })
  await nasreen.press('proposal.do.cut')
  await nasreen.expect(letter + '/done').reads(say('desk.done.first'))

  const idris = await worker(walk, 'idris')
  await takeNewest(idris, dean)
  await idris.expect(letter).reads(say('proposal.cutWhat'))
  await idris.look('letter that would go on without parts')
  await idris.press('proposal.title.uncut')
  await idris.expect(letter + '/uncut').look('make a letter whole')
  await idris.press('proposal.do.uncut')
  await idris.reads(say('fault.cut.why'))
  await idris.look('made whole without a reason')
  await idris.fill({ note: 'He has been at the last four. It may stay.' })
  await idris.press('proposal.do.uncut')
  await idris.expect('/desk')
  await takeNewest(idris, dean)
  await idris.expect(letter).reads('I will be there at every match. The hens lay again.')
  await goesOn(walk, idris, letter, 'nasreen')
  await his.go(sent)
  await his.reads(say('family.told.passedOn'))
}

export const parts = [proposes, appeals]
