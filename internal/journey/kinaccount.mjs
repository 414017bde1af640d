// What people do with their own account, on both tiers.
import { brief, code, known, narrow, say, world } from './browser.mjs'
import * as desk from './desk.mjs'
import * as family from './family.mjs'
import { worker } from './staff.mjs'
import { papers } from './staffkeys.mjs'

const link = (p, key) => p.press(p.main().getByRole('link', { name: say(key), exact: true }))

/** renewed notes what somebody of the demo signs in with from now on. */
const renewed = (key, values) => Object.assign(brief.people.find(p => p.key === key), values)

async function reached (walk) {
  const p = await walk.person('Kelly', 'public', narrow)
  await p.enter(known('kelly'))
  await p.go('/account')
  await link(p, 'account.contact.title')
  await p.expect('/account/contact').look('contact')
  await p.fill({ mail: 'kelly at home' })
  await p.press('account.contact.button')
  await p.look('contact wrong')
  await p.fill({ mail: 'kelly.m@post.example.org', 'quiet-from': '21:00', 'quiet-to': '08:00' })
  await p.tick('words', await p.page.locator('[name=words]').last().getAttribute('value'))
  await p.press('account.contact.button')
  await p.expect('/account').reads(say('account.own.contactSaved'))
  await p.look('account, contact saved')
  await link(p, 'account.contact.title')
  if (await p.field('mail').inputValue() !== 'kelly.m@post.example.org') throw new Error('the address was not kept')
  await p.go('/account')
  await link(p, 'account.history.title')
  await p.expect('/account/history').look('history')
}

// Her sister may know it. She gets a new key as well, which waits for a call.
async function someoneMayKnow (walk) {
  const p = await walk.person('Kelly', 'public', narrow)
  await p.enter(known('kelly'))
  const words = await changes(p, known('kelly').passphrase, 'tin boats on a grey pond')
  renewed('kelly', { passphrase: 'tin boats on a grey pond' })

  await desk.confirm(await worker(walk, 'nasreen'), 'Kelly Marsh', words, known('nasreen'))
  await p.go('/letters')
  if (p.last.status() !== 401) throw new Error(`with an old key, the letters answer ${p.last.status()}`)
  await p.signIn(known('kelly'))
  await p.expect('/letters').reads(say('family.letters.with', { With: 'Rachel and Tom' }))
  await p.go('/account/words')
  await p.expect('/account').go('/account/contact')
  await p.reads(say('account.contact.earlier'))
  await p.look('contact of an earlier key')
}

/** changes takes somebody from their account to the four words for a new key. */
async function changes (p, old, fresh) {
  await p.go('/account')
  await link(p, 'account.change.title')
  await p.expect('/account/passphrase').look('change')
  await p.press('account.change.button')
  await p.look('change missing')
  await p.fill({ old: 'not this one at all', new: fresh })
  await p.press('account.change.button')
  await p.look('change wrong')
  await p.fill({ old, new: 'short' })
  await p.press('account.change.button')
  await p.look('change too short')
  await p.fill({ old, new: fresh })
  await p.tick('known', 'yes')
  await p.press('account.change.button')
  await p.expect('/account/words').look('words for a new key')
  const words = await p.page.locator('.gp-words li').allInnerTexts()
  await p.press('account.words.next')
  await p.expect('/account').reads(say('account.own.waits'))
  await p.look('account, a new key waits')
  return words.map(w => w.trim())
}

// A worker was told that Rachel forgot her passphrase. She did not.
async function wasNotMe (walk) {
  const nasreen = await worker(walk, 'nasreen')
  await nasreen.go('/search')
  await nasreen.fill({ name: 'Rachel' })
  await nasreen.press('desk.search.search')
  await asks(nasreen, nasreen.page.locator('[data-person]').filter({ hasText: 'Rachel Whitcombe' }), 'nasreen')

  const p = await walk.person('Rachel', 'public', narrow)
  await stops(p, 'rachel')
}

/** asks starts a recovery for whom a worker has before them. */
async function asks (p, card, key) {
  await p.press('recovery.person.link', card)
  const what = p.page.locator('[name=what]')
  if (await what.count()) await p.tick('what', 'passphrase')
  await p.tick('identity', 'callBack')
  await p.fill({ code: await code(known(key).secret) })
  await p.press('recovery.start.button')
  await p.expect('/recoveries').reads(say('recovery.did.started'))
}

/** stops signs somebody in who is told of a recovery, and stops it. */
async function stops (p, key) {
  await p.go('/sign-in')
  await p.signIn(known(key))
  await p.expect('/account/recovery').look('was this you')
  await p.go('/account')
  await p.reads(say('account.own.asked'))
  await p.look('account, somebody asked')
  await link(p, 'account.own.askedLook')
  await p.expect('/account/recovery')
  const other = await p.tab()
  await other.go('/account/recovery')
  await p.press('account.recovery.stop')
  await p.expect('/account').reads(say('account.own.stopped'))
  await p.look('account, stopped it')
  await other.press('account.recovery.stop')
  await other.expect('/account').reads(say('account.own.nothing'))
  await other.look('account, nothing to stop')
  await other.page.close()
}

// Tom knows of what was asked for. He makes codes for the day on which he has
// no phone, and signs in with one.
async function noPhone (walk) {
  const p = await walk.person('Tom', 'public')
  await p.go('/sign-in')
  await p.press('account.signIn.forgotLink')
  await p.expect('/forgot').look('forgot')
  await p.go('/sign-in')
  await p.signIn(known('tom'))
  await p.expect('/account/recovery').look('was this you, in a day')
  await p.press('account.recovery.mine')
  await p.go('/account')
  await spare(p, known('tom'))
}

/** spare makes codes for a lost phone and signs in with one, which counts once. */
async function spare (p, login) {
  await p.go('/account')
  await link(p, 'account.codes.title')
  await p.expect('/account/codes').reads(say('account.codes.none'))
  await p.look('codes')
  await p.press('account.codes.button')
  await p.look('codes, new')
  const codes = await p.page.locator('.gp-words .gp-code').allInnerTexts()
  await p.press('account.codes.next')
  await p.expect('/account').signOut()
  await p.go('/sign-in')
  await p.fill({ name: login.login, passphrase: login.passphrase, code: codes[0] })
  await p.press('account.signIn.button')
  await p.go('/account/codes')
  await p.expect('/account/codes').look('codes, one used')
  await p.signOut()
  await p.go('/sign-in')
  await p.fill({ name: login.login, passphrase: login.passphrase, code: codes[0] })
  await p.press('account.signIn.button')
  await p.expect('/sign-in').look('sign-in, a code used twice')
}

// He forgot it after all: the paper came, and the door takes it.
async function paperAtTheDoor (walk) {
  const p = await walk.person('Tom again', 'public', narrow)
  const login = await family.comeIn(p, papers.tom)
  const words = await family.ownWords(p)
  await desk.confirm(await worker(walk, 'nasreen'), 'Tom Whitcombe', words, known('nasreen'))
  renewed('tom', { ...login, totp: '' }) // his app was that of the reference that he had
  await p.go('/sign-in')
  if (p.path() === '/sign-in') await p.signIn(known('tom'))
  await p.go('/letters')
  await p.reads(say('family.letters.with', { With: 'Kelly' }))
  await p.look('letters with a new key')
}

// What was kept about her address does not open. She can still switch mail off.
async function addressIsLost (walk) {
  const p = await walk.person('Rachel', 'public', narrow)
  await p.enter(known('rachel'))
  await world.spoil('contact')
  await p.go('/account/contact')
  await p.reads(say('account.contact.unread'))
  await p.look('contact that does not open')
  await p.press('account.contact.off')
  await p.expect('/account').reads(say('account.own.contactSaved'))
}

// The same pages for somebody who works here.
async function workersOwn (walk) {
  const p = await walk.person('Ruth', 'staff')
  await p.go('/sign-in')
  await p.press('account.signIn.forgotLink')
  await p.expect('/forgot').look('workers forgot')
  const judith = await worker(walk, 'judith')
  await judith.go('/workers')
  await asks(judith, judith.page.locator('[data-worker]').filter({ hasText: 'Ruth Calder' }), 'judith')
  await stops(p, 'ruth')

  await p.go('/account/history')
  await p.look('workers history')
  const words = await changes(p, known('ruth').passphrase, 'seven slates of the north roof')
  renewed('ruth', { passphrase: 'seven slates of the north roof' })
  await desk.confirm(judith, 'Ruth Calder', words, known('judith'))
  await p.go('/sign-in')
  await p.signIn(known('ruth'))
  await p.go('/safeguarding')
  await p.expect('/safeguarding')
  if (p.last.status() !== 200) throw new Error(`with a new key, her tray answers ${p.last.status()}`)
  await spare(p, known('ruth'))
}

/** account is these chapters, in their order. */
export const account = [reached, someoneMayKnow, wasNotMe, noPhone, paperAtTheDoor, addressIsLost, workersOwn]
