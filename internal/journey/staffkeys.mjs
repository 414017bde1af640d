// Workers and people who lost what they sign in with, and a day that must pass.
import { code, goOn, known, say } from './browser.mjs'
import { fact, setUpCodes } from './family.mjs'
import * as desk from './desk.mjs'
import { worker } from './staff.mjs'

/** papers are what was printed for whom, for those who come in with them later. */
export const papers = {}

const recoveryOf = (p, ...words) => words.reduce((found, word) => found.filter({ hasText: word }), p.page.locator('[data-recovery]')).first()

/** withCode fills a fresh one-time code in. */
const withCode = async (p, key) => p.fill({ code: await code(known(key).secret) })

async function losesAPassphrase (walk) {
  const owen = await worker(walk, 'owen')
  await owen.go('/people')
  await owen.press('recovery.people.link')
  await owen.expect('/recoveries').reads('Tom Whitcombe', say('recovery.state.agreed'))
  await owen.look('recoveries')
  await begins(owen, 'Margaret Marsh')

  const judith = await worker(walk, 'judith')
  await judith.go('/recoveries')
  await judith.press('recovery.list.agree', recoveryOf(judith, say('recovery.state.started')))
  await judith.expect(/\/agree$/).look('agree')
  await judith.press('recovery.agree.button')
  await judith.look('agree missing')
  await judith.tick('hold-back', 'notSafe')
  await withCode(judith, 'judith')
  await judith.press('recovery.agree.button')
  await judith.expect('/recoveries').reads(say('recovery.did.agreed'), say('recovery.holdBack.notSafe'))
  await judith.look('recoveries agreed')
  // Tom wants no mail: the day begins when his notice is in the post.
  await judith.press('recovery.list.notice', recoveryOf(judith, 'Tom Whitcombe'))
  await judith.expect(/\/notice$/).reads(say('recovery.notice.waiting'))
  await judith.look('notice of a recovery')
  await judith.press('recovery.notice.button')
  await judith.expect('/recoveries').reads(say('recovery.did.posted'))

  await owen.go('/recoveries')
  await owen.press('recovery.list.stop', recoveryOf(owen, 'Margaret Marsh'))
  await owen.expect(/\/stop$/).look('stop')
  await owen.press('recovery.stop.button')
  await owen.expect('/recoveries').reads(say('recovery.did.stopped'))
  await owen.look('recoveries stopped')
}

async function begins (p, name) {
  await p.go('/search')
  await p.fill({ name })
  await p.press('desk.search.search')
  await p.press('recovery.person.link')
  await p.expect(/^\/person\/pe.*\/recover$/).look('recover')
  await p.press('recovery.start.button')
  await p.look('recover missing')
  await p.tick('identity', 'callBack')
  await withCode(p, 'owen')
  await p.press('recovery.start.button')
  await p.expect('/recoveries').reads(say('recovery.did.started'))
  await p.look('recoveries started')
}

async function aDayLater (walk) {
  await goOn('25h')
  // Not Owen, who may have said that he knows one of Tom's families.
  const p = await worker(walk, 'nasreen')
  await p.go('/recoveries')
  await p.press('recovery.list.print', recoveryOf(p, 'Tom Whitcombe'))
  await p.expect(/\/print$/).look('paper for a new key')
  await p.press('recovery.print.button')
  await p.look('paper for a new key missing')
  await withCode(p, 'nasreen')
  papers.tom = await desk.paperOf(p, { fact }, 'recovery.print.button')
}

// Ruth has no phone for codes any more: a manager and a second worker, and a day.
export async function lostCodes (walk) {
  const p = await worker(walk, 'judith')
  await p.go('/workers')
  await p.press('recovery.person.link', p.page.locator('[data-worker]').filter({ hasText: 'Ruth Calder' }))
  await p.expect(/^\/worker\/wk.*\/recover$/).look('recover a worker')
  await p.tick('what', 'secondStep')
  await p.tick('identity', 'inPerson')
  await withCode(p, 'judith')
  await p.press('recovery.start.button')
  const owen = await worker(walk, 'owen')
  await owen.go('/recoveries')
  await owen.press('recovery.list.agree', recoveryOf(owen, 'Ruth Calder'))
  await owen.look('agree about a worker')
  await withCode(owen, 'owen')
  await owen.press('recovery.agree.button')
  await goOn('25h')
  await p.enter(known('judith'))
  await p.go('/recoveries')
  await p.press('recovery.list.reset', recoveryOf(p, 'Ruth Calder'))
  await p.expect(/\/reset$/).look('take the second step away')
  await p.press('recovery.reset.button')
  await p.look('take the second step away missing')
  await withCode(p, 'judith')
  await p.press('recovery.reset.button')
  await p.expect('/recoveries').reads(say('recovery.did.reset'))
  await p.look('recoveries reset')

  const { login, passphrase } = known('ruth')
  const ruth = await walk.person('Ruth without codes', 'staff')
  await ruth.go('/sign-in')
  await ruth.signIn({ login, passphrase })
  await setUpCodes(ruth)
  await ruth.go('/safeguarding')
  await ruth.reads(say('desk.safeguarding.what'))
}

export const keys = [losesAPassphrase, aDayLater]
