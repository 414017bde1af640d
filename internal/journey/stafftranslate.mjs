// A letter in Welsh on its way: said to be so, given to a translator, handed in, and
// passed on with both texts. Another one a worker who reads Welsh translates.
import { known, say } from './browser.mjs'
import * as family from './family.mjs'
import { exchangeOf, take, takeNewest, tray, worker } from './staff.mjs'

const dean = 'Dean Fallon'
const welsh = 'Annwyl Rachel a Tom\n\nRwy’n meddwl amdanoch chi bob dydd.\n\nDean'
const english = 'Dear Rachel and Tom\n\nI think of you every day.\n\nDean'
const again = 'Annwyl Rachel a Tom\n\nMae’r gwanwyn yma.\n\nDean'
const spring = 'Dear Rachel and Tom\n\nSpring is here.\n\nDean'

/** choose presses the label of a choice, as people do. */
const choose = (p, words) => p.main().locator('label', { hasText: words }).first().click()

async function sends (p, text) {
  await family.write(p, text)
  await family.send(p)
}

async function says (p, language) {
  await p.press('translate.language.link')
  await p.expect(/^\/letter\/lt.*\/language$/).look('language of a letter')
  await p.tick('language', language)
  await p.press('translate.language.do')
  await p.expect(/^\/letter\/lt[^/]*$/).reads(say(`translate.is.${language}`), say('translate.needed.en'))
}

async function gives (p) {
  await p.press('translate.give.link')
  await p.expect(/\/translate$/)
  await choose(p, 'Ifan Trefor')
  await p.press('translate.give.do')
  await p.expect(/\/done$/).reads(say('desk.doneText.toTranslate'))
}

/** passes lets a letter go on, by as many of these workers as it takes. */
async function passes (walk, ...keys) {
  for (const key of keys) {
    const p = await worker(walk, key)
    const letter = await takeNewest(p, dean)
    await p.look(`letter beside its translation, ${key}`)
    if (!await p.page.locator('[data-act=first]').count()) {
      await p.press('desk.letter.pass')
      await p.expect(letter + '/done').reads(say('desk.doneText.passed'))
      return [p, letter]
    }
    await p.press('desk.letter.first')
    await p.expect(letter + '/done')
  }
  throw new Error('nobody passes the letter on')
}

/** opens is the recipient's page of the newest letter of his that has these words. */
async function opens (p, words) {
  await p.enter(known('rachel'))
  do {
    await p.go('/letters')
    await p.press('family.letters.look', p.main().locator('section').filter({ hasText: say('family.letters.with', { With: 'Dean' }) }))
    await p.press('family.cover.open')
    await p.expect(/\/read$/)
  } while (!(await p.text()).includes(words))
}

/** newest opens what was given to the translator last. */
async function newest (p) {
  if (await p.page.locator('[data-task]').count() < 2) throw new Error('the letter of the demo is not there')
  for (const open of await p.page.locator('[data-task] a').evaluateAll(all => all.map(a => a.getAttribute('href')))) {
    await p.go(open)
    if ((await p.text()).includes('bob dydd')) return
  }
  throw new Error('the letter is not there')
}

async function translation (walk) {
  const his = await walk.person('Dean', 'public')
  await his.enter(known('dean'))
  await sends(his, welsh)
  const sent = his.path()

  const p = await worker(walk, 'owen')
  await p.go('/desk')
  await takeNewest(p, dean)
  await p.reads(say('translate.is.en'))
  await says(p, 'other')
  await p.press('translate.give.link')
  await choose(p, 'Ifan Trefor')
  await p.press('translate.give.do')
  await p.reads(say('fault.translate.which'))
  await p.look('a language that nobody named')
  await p.press('desk.return.back')
  await says(p, 'cy')
  await p.look('letter in Welsh')
  await p.press(p.page.locator('[data-act=pass], [data-act=first]').first())
  await p.reads(say('fault.relay.translate'))
  await p.look('letter that is not translated')
  await p.press('translate.give.link')
  await p.expect(/\/translate$/).look('have it translated')
  await p.press('translate.give.do')
  await p.reads(say('fault.translate.choose'))
  await p.look('translator missing')
  await choose(p, 'Ifan Trefor')
  await p.press('translate.give.do')
  await p.expect(/\/done$/).reads(say('desk.doneText.toTranslate'))
  await p.look('given to a translator')
  await tray(p, 'translate')
  await p.look('desk being translated')
  await take(p, dean)
  await p.reads('Ifan Trefor')
  await p.look('letter with a translator')
  await p.press('translate.takeBack')
  await p.expect('/desk')
  await takeNewest(p, dean)
  await gives(p)

  const ifan = await worker(walk, 'ifan')
  await ifan.go('/desk')
  await ifan.expect('/translations').look('letters to translate')
  await newest(ifan)
  await ifan.expect(/^\/translation\/lt/).reads('bob dydd')
  await ifan.readsNot(dean)
  await ifan.look('letter to translate')
  await ifan.press('translate.task.handIn')
  await ifan.reads(say('fault.translate.empty'))
  await ifan.look('nothing handed in')
  await ifan.fill({ text: english })
  await ifan.press('translate.task.save')
  await ifan.reads(say('translate.said.saved'))
  await family.holds(ifan, english)
  await ifan.look('translation saved')
  await ifan.press('translate.back.do')
  await ifan.reads(say('fault.reason.choose'))
  await ifan.look('given back without a reason')
  await ifan.tick('reason', 'cannot')
  await ifan.press('translate.back.do')
  await ifan.expect('/translations').reads(say('translate.said.givenBack'))
  await ifan.look('given back')
  await takeNewest(p, dean)
  await p.reads(say('translate.back.cannot'))
  await p.look('given back by the translator')
  await gives(p)
  await ifan.go('/translations')
  await newest(ifan)
  await ifan.fill({ text: english })
  await ifan.press('translate.task.handIn')
  await ifan.expect('/translations').reads(say('translate.said.handedIn'))

  const [last, letter] = await passes(walk, 'owen', 'nasreen')
  await last.go(letter + '/print')
  await last.reads('every day', say('translate.came.original'), 'bob dydd')
  await last.look('print with a translation')

  const her = await walk.person('Rachel', 'public')
  await opens(her, 'bob dydd')
  const [first, second] = [(await her.text()).indexOf('every day'), (await her.text()).indexOf('bob dydd')]
  if (first < 0 || second < first) throw new Error(`the translation stands at ${first}, the letter at ${second}`)
  if (await her.page.locator('[data-view=original]').getAttribute('lang') !== 'cy') throw new Error('the letter is not said to be in Welsh')
  await her.look('letter that came with a translation')
  await his.go(sent)
  await his.reads(say('translate.sent'))
  await his.look('sent and translated')
}

async function byAWorker (walk) {
  const judith = await worker(walk, 'judith')
  await judith.go('/workers')
  await judith.press('translate.reads.link', judith.page.locator('[data-worker]').filter({ hasText: 'Nasreen Iqbal' }))
  await judith.expect(/^\/worker\/wk.*\/reads$/).look('languages of a worker')
  await judith.tick('welsh', 'yes')
  await judith.press('desk.exchange.set.do')
  await judith.expect('/workers')

  const his = await walk.person('Dean', 'public')
  await his.enter(known('dean'))
  await sends(his, again)
  const p = await worker(walk, 'nasreen')
  await exchangeOf(p, dean)
  await p.press(p.main().locator('a[href^="/side/"][href$="/language"]').first())
  await p.expect(/^\/side\/sd.*\/language$/).look('what a family reads')
  await p.tick('language', 'en')
  await p.press('desk.exchange.set.do')
  await p.expect(/^\/exchange\/ex/)
  await p.go('/desk')
  await takeNewest(p, dean)
  await says(p, 'cy')
  await p.press('translate.give.link')
  await choose(p, say('translate.give.myself'))
  await p.press('translate.give.do')
  await p.reads(say('fault.translate.empty'))
  await choose(p, say('translate.give.myself'))
  await p.fill({ text: spring })
  await p.look('translated by a worker')
  await p.press('translate.give.do')
  await p.expect('/desk').reads(say('translate.said.translated'))
  await p.look('desk, translated')
  await takeNewest(p, dean)
  await p.reads(say('desk.letter.whyNot.translated'))
  await p.look('letter that this worker translated')
  await p.press('desk.letter.release')
  await passes(walk, 'owen', 'idris')
  const her = await walk.person('Rachel', 'public')
  await opens(her, 'Spring is here')
}

export const translations = [translation, byAWorker]
