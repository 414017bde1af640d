// The cases of two intermediary workers and a manager: an enquiry becomes a
// case, and the case is worked on to its end, act by act, as far as the law lets
// it; and what another agency asks and answers.
import { code, known, narrow, say, workday, world } from './browser.mjs'
import { nerys, put, sends, wishes } from './apply.mjs'
import * as desk from './desk.mjs'
import * as family from './family.mjs'
import { worker } from './staff.mjs'
import { scan } from './staffbeside.mjs'

/** at is what the chapters hand on: who works, the case of Nerys, and one of somebody who looks for an adopted person. */
export const at = {}

/** aDay is yesterday, or another day before today by the real clock, which is never ahead of the world's. */
export const aDay = (before = 1) => {
  const d = new Date(Date.now() - before * 24 * 3600e3)
  return [d.getUTCDate(), d.getUTCMonth() + 1, d.getUTCFullYear()]
}
/** ahead is a day of the world, so many working days after its today. */
const ahead = workday

export const fresh = async (p, key) => ({ code: await code(known(key).secret) })

/** does presses the button of an act. Links of the page may have the same words. */
export const does = (p, name) => p.press(p.main().getByRole('button', { name: say(`casework.do.${name}.button`) }))

/** act fills in the form of an act and does it; what follows is the page that it goes back to. */
export async function act (p, name, path, values = {}) {
  await p.go(path)
  await p.look(`case, ${name}`)
  await put(p, values)
  await does(p, name)
  await p.reads(say(`casework.do.${name}.done`))
  return p
}

/** wrong sends the form of an act as it is, which is refused. key is who is asked for a code first, where their last one may be too old. */
export async function wrong (p, name, path, key) {
  await p.go(path)
  await does(p, name)
  if (key && p.last.status() === 401) {
    await p.fill({ 'step-up-code': await code(known(key).secret) })
    await p.press('account.stepUp.button')
  }
  if (p.last.status() !== 422) throw new Error(`an empty ${name} answers ${p.last.status()}`)
  await p.look(`case, ${name} missing`)
}

const said = { said: 'fact', why: 'Seen in the papers.', evidence: 'passport, seen by me\nletter of the court' }

/** state says a fact, and has a colleague agree where two are needed. */
export async function state (p, c, on, name, value, second) {
  await act(p, 'fact', `${c.path}/fact/${on}/${name}`, { value, ...said })
  if (second) await act(second, 'agree', `${c.path}/agree/${on}/${name}`)
}

/** way ends the walk unless this row of the law is what stands in the way. */
export async function way (p, c, row) {
  await p.go(c.path)
  const got = await p.main().locator('[data-law]').first().getAttribute('data-law')
  if (got !== row) throw new Error(`row ${got} stands in the way, not ${row}: ${await p.text()}`)
}

/** looks looks through our register, where a wish for no contact came in that the case does not know. */
export async function looks (p, c) {
  await p.go(c.path)
  const got = await p.main().locator('[data-law]').first().getAttribute('data-law')
  if (got === 'a28') await act(p, 'lookThrough', `${c.path}/register/${c.sub}`)
}

/** people reads the ids of everybody of a case. */
export async function people (p, c) {
  await p.go(c.path + '/people')
  const ids = await p.page.locator('[data-who]').evaluateAll(all => all.map(e => e.dataset.who))
  const of = prefix => ids.find(id => id.startsWith(prefix))
  return Object.assign(c, { app: of('ap'), ad: of('ad'), sub: of('sb') })
}

// What came by phone is typed in; it is for another agency, and is declined.
async function tray (walk) {
  at.bronwen = await worker(walk, 'bronwen')
  at.idris = await worker(walk, 'idris')
  at.judith = await worker(walk, 'judith')
  const p = at.bronwen
  await p.go('/intakes')
  await p.look('new enquiries')
  await p.press('apply.tray.enter')
  await p.expect('/intake/new').look('type in an enquiry')
  await p.press('apply.enter.do')
  await p.look('type in an enquiry, missing')
  await put(p, { came: aDay(), who: 'relative', relation: 'Her sister.', looks: 'adopted', name: 'Delia Marsh', reach: ['phone'], phone: '07700 900123', informed: ['yes'] })
  await p.press('apply.enter.do')
  await p.expect('/intakes').reads(say('apply.tray.entered'))
  await p.look('new enquiries, one more')
  await p.press(p.page.locator('[data-intake]').filter({ hasText: 'typed in' }).getByRole('link'))
  await p.expect(/^\/intake\/in/).reads('Delia Marsh')
  await p.look('an enquiry that was typed in')
  await p.press('apply.tray.decline')
  await p.expect(/\/decline$/).look('decline an enquiry')
  await p.press('apply.decline.do')
  await p.look('decline an enquiry, missing')
  await p.fill({ reasons: 'It is for the agency of the next county.' })
  await p.press('apply.decline.do')
  await p.expect('/intakes').reads(say('apply.tray.declined'))
  await p.look('new enquiries, one declined')
}

/** next presses the button that goes on while a case is opened. */
const next = p => p.press('casework.new.next')

async function opens (walk) {
  const p = at.bronwen
  await p.go('/intakes')
  await p.press(p.page.locator('[data-intake]').first().getByRole('link'))
  await p.reads(nerys.name, 'She was called Tamsin Vane.')
  await p.look('an enquiry')
  await p.press('apply.tray.take')
  await p.expect('/case/new').look('new case')
  await next(p)
  await p.look('new case missing')
  await put(p, { pair: 'AP>REL' })
  await next(p)
  await p.reads(say('casework.new.applicant.title'))
  await p.look('new case, who asks')
  await p.fill({ 'applicant.email': 'nerys@mail.example.org' })
  await next(p)
  await p.look('new case, who is looked for')
  await next(p)
  await p.look('new case, no name')
  await put(p, { 'subjects.0.name': 'Tamsin Vane', 'subjects.0.relation': 'birth mother', 'subjects.0.born': [7, 3, 1941] })
  await next(p)
  await p.look('new case, the order')
  await put(p, { 'adopted.orderDate': ['', 3, 1961], 'adopted.courtCountry': 'E' })
  await next(p)
  await p.reads(nerys.name, 'Tamsin Vane')
  await p.look('new case, check')
  await p.press('casework.new.open')
  at.one = { path: p.expect(/^\/case\/ap/).path() }
  await p.reads(say('casework.new.done'), nerys.name)
  await p.look('case')
  await people(p, at.one)
  await p.look('people of a case')
  await p.go('/cases')
  await p.look('cases')
  const reference = (await p.page.locator('[data-case]').filter({ hasText: nerys.name }).locator('h2').innerText()).trim()
  await p.fill({ reference: 'IS-22222' })
  await p.press('casework.cases.find')
  await p.look('cases, not found')
  await p.fill({ reference: reference.toLowerCase() })
  await p.press('casework.cases.find')
  await p.expect(at.one.path)
  await at.judith.go('/cases')
  await at.judith.look('cases of a manager')
}

// Who she is, which two workers say, and what stands in the way after that.
async function knows () {
  const { bronwen: p, idris, one: c } = at
  await way(p, c, 'a21')
  await wrong(p, 'fact', `${c.path}/fact/${c.app}/reg11`)
  await state(p, c, c.app, 'reg11', 'passed', idris)
  await state(p, c, c.app, 'linkProven', 'yes', idris)
  await state(p, c, c.app, 'met', 'inPerson')
  await act(p, 'fact', `${c.path}/fact/${c.app}/idVerified`, { value: 'yes', ...said })
  for (const [page, name] of [['/identity', 'who the applicant is'], ['/facts', 'facts']]) {
    await idris.go(c.path + page)
    await idris.look(`case, ${name}, to agree`)
  }
  await act(idris, 'agree', `${c.path}/agree/${c.app}/idVerified`)
  await p.go(c.path + '/identity')
  await p.look('case, who the applicant is')
  await copies(p, c)
  await p.go(c.path + '/facts')
  await p.look('case, facts')
  await state(p, c, c.app, 'aaa', 'self', idris)
  await way(p, c, 'a28')
  await p.look('case, something in the way')
  await state(p, c, c.sub, 'acr', 'checked')
  await state(p, c, c.sub, 'acrNoContact', 'no')
  await way(p, c, 'a29')
}

// A copy of her passport, which stays for some weeks.
async function copies (p, c) {
  await p.go(c.path + '/scan')
  await p.look('case, scan')
  await wrong(p, 'scan', c.path + '/scan')
  await p.fill({ what: 'Her passport.' })
  await p.field('scan').setInputFiles({ name: 'passport.png', mimeType: 'image/png', buffer: scan() })
  await does(p, 'scan')
  await p.reads(say('casework.do.scan.done'), 'Her passport.')
  await p.look('case, who the applicant is, with a copy')
  await p.press(p.page.locator('[data-scan] a'))
  if (p.last.headers()['content-type'] !== 'image/png') throw new Error(`the copy comes as ${p.last.headers()['content-type']}`)
}

const factors = ['applicant', 'subject', 'others', 'children', 'agency', 'register', 'circumstances', 'conclusion']
const weighed = () => ({ ...Object.fromEntries(factors.map(f => [f, 'Nothing against it.'])), right: 'yes', asked: 'yes', viewOn: aDay(), view: 'She is glad.' })

// The decision to go on, the search, the approach and the answer.
async function approaches () {
  const { bronwen: p, one: c } = at
  await wrong(p, 'proceed', `${c.path}/proceed/${c.sub}`)
  await act(p, 'proceed', `${c.path}/proceed/${c.sub}`, weighed())
  await way(p, c, 'a31')
  await p.look('case, nothing in the way')
  await act(p, 'trace', `${c.path}/trace/${c.sub}`, { outcome: 'traced', where: 'electoral roll', words: 'Found at once.', evidence: 'copy of the page' })
  await state(p, c, c.sub, 'subjectVital', 'living')
  await state(p, c, c.app, 'cnsl', 'yes')
  await act(p, 'approach', `${c.path}/approach/${c.sub}`, { way: 'letter', outcome: 'sent', words: 'In a plain envelope.' })
  await p.go(`${c.path}/subject/${c.sub}`)
  await p.look('somebody who is looked for')
  const note = await p.main().locator('a[href*="/note/"]').first().getAttribute('href')
  await act(p, 'note', note, { why: 'She rang the next day.' })
  await wrong(p, 'consent', `${c.path}/consent/${c.sub}`)
  await act(p, 'consent', `${c.path}/consent/${c.sub}`, { answer: 'yes', scope: ['name', 'occupation'], explainedBy: 'Bronwen Sayer', on: aDay(), written: ['yes'], words: 'I would like that.' })
  await state(p, c, c.sub, 'cnsl', 'yes')
  await p.go(`${c.path}/subject/${c.sub}`)
  await p.reads('I would like that.', 'She rang the next day.')
  await p.look('somebody who was found')
}

// She gets a file of her own, for which she needs an account.
async function joins (walk) {
  const { bronwen: p, one: c } = at
  await wrong(p, 'party', `${c.path}/party/${c.app}`)
  await act(p, 'party', `${c.path}/party/${c.app}`, { kind: 'applicant', ...await fresh(p, 'bronwen') })
  await p.go(c.path + '/people')
  await p.look('people of a case, one to invite')
  const invite = await p.main().locator('a[href*="/invite/"]').first().getAttribute('href')
  await p.go(invite)
  await p.look('invite an applicant')
  await p.press('desk.invite.make')
  await p.look('invite an applicant, missing')
  const paper = await desk.paperOf(p, { fact: family.fact })
  at.hers = await walk.person('Nerys at home', 'public')
  at.login = await family.comeIn(at.hers, paper)
  const words = await family.ownWords(at.hers)
  await desk.confirm(p, nerys.name, words, { ...known('bronwen'), id: invite.split('/').pop() })
  await act(p, 'partyKey', invite.replace('/invite/', '/partyKey/'), await fresh(p, 'bronwen'))
  const her = at.hers
  await her.enter(at.login)
  await her.go('/letters')
  await her.look('letters with a case')
  at.file = `/file/${c.app}`
  await her.press(her.main().locator(`a[href="${at.file}"]`).first())
  await her.expect(at.file).look('own case')
}

// What there is to say is written, checked by somebody else, and given.
async function gives () {
  const { bronwen: p, idris, one: c, hers: her } = at
  await p.go(c.path + '/items')
  await p.look('items, none')
  await wrong(p, 'prepare', `${c.path}/prepare/${c.sub}`)
  await act(p, 'prepare', `${c.path}/prepare/${c.sub}`, { kind: 'name', about: 'subject', identifying: ['yes'], words: 'Her name is Tamsin Vane.', ground: 'ISR 7(1): her consent.', from: 'Herself.' })
  await p.look('items')
  const item = await p.page.locator('[data-item]').first().getAttribute('data-item')
  await act(p, 'amend', `${c.path}/amend/${item}`, { words: 'Her name is Tamsin Vane. She sings.' })
  await p.go(`${c.path}/item/${item}`)
  await p.look('item')
  await p.go(`${c.path}/askViews/${item}`)
  await p.look('what somebody thinks of an item')
  await wrong(p, 'askViews', `${c.path}/askViews/${item}`)
  await state(p, c, item, 'jigsaw', 'safe', idris)
  await act(idris, 'check', `${c.path}/check/${item}`)
  await act(p, 'agreement', c.path + '/agreement', { on: aDay(), words: 'Form 3, in the paper file.' })
  await wrong(p, 'disclose', `${c.path}/disclose/${item}`)
  await act(p, 'disclose', `${c.path}/disclose/${item}`, await fresh(p, 'bronwen'))
  await p.go(c.path + '/items')
  await p.look('items, one given')
  await p.press(p.main().locator('a[href*="/print/"]').first())
  await p.reads('She sings.', say('casework.pack.reads'))
  await p.look('what was given, on paper')
  await p.press('casework.pack.done')
  await p.readsNot(say('casework.pack.notPosted'))

  await her.go(at.file)
  await her.look('own case, something to open')
  await her.press(her.main().locator('a[href^="/pack/"]').first())
  await her.expect(/^\/pack\/dc/).readsNot('Tamsin')
  await her.look('something to open')
  await her.press('file.cover.open')
  await her.expect(/\/read$/).reads('She sings.')
  await her.look('what was given')
}

// She writes and is answered, and says what she thinks.
async function talks () {
  const { bronwen: p, one: c, hers: her, file } = at
  await her.go(file + '/tell')
  await her.look('tell us about a case')
  await her.press('file.tell.button')
  await her.look('tell us about a case, empty')
  await her.fill({ words: 'May I call on Thursday?' })
  await her.press('file.tell.button')
  await her.reads('May I call on Thursday?')
  await her.look('told us about a case')
  await p.go(c.path + '/messages')
  await p.reads('May I call on Thursday?')
  await p.look('messages of a case')
  const respond = await p.main().locator('a[href*="/respond/"]').first().getAttribute('href')
  await wrong(p, 'respond', respond)
  await act(p, 'respond', respond, { text: 'Yes, from ten.' })
  await act(p, 'letter', `${c.path}/letter/${c.app}`, { letter: 'A heron stood there.' })
  await wrong(p, 'write', `${c.path}/write/${c.app}`)
  await act(p, 'write', `${c.path}/write/${c.app}`, { said: 'opinion', day: aDay(), words: 'She is glad and a little afraid.' })
  await her.go(file + '/messages')
  await her.reads('Yes, from ten.')
  await her.look('messages about a case')
  await her.go(file)
  await her.press(her.main().locator(`a[href^="${file}/letter/"]`).first())
  await her.reads('A heron stood there.')
  await her.look('a letter of the agency')
  await her.press('file.say.ofLetter')
  await her.expect(file + '/say').look('say something of a letter')
  await her.press('file.say.button')
  await her.look('say something, empty')
  await her.fill({ words: 'Thank you for the heron.' })
  await her.press('file.say.button')
  await her.reads('Thank you for the heron.')
}

// The rest of what can be changed in a case, and its end.
async function ends () {
  const { bronwen: p, one: c, hers: her, file } = at
  await act(p, 'hear', c.path + '/hear', { day: await ahead(5) })
  await act(p, 'add', c.path + '/add', { 'subject.name': 'Gwen Vane', 'subject.relation': 'birth sister' })
  await act(p, 'particulars', `${c.path}/particulars/${c.app}`, { 'particulars.phone': '01632 960124' })
  await wrong(p, 'end', c.path + '/end')
  await act(p, 'end', c.path + '/end', { state: 'closed', reasons: 'All was done.' })
  await p.go(c.path)
  await p.look('case that has ended')
  await p.go(c.path + '/history')
  await p.look('history of a case')
  await p.go('/cases?show=ended')
  await p.look('cases that have ended')
  await her.go(file)
  await her.look('own case, ended')
  await her.press('file.service.link')
  await her.expect(file + '/service').look('how it was with us')
  await her.press('file.service.button')
  await her.look('how it was with us, empty')
  await put(her, { listened: '4', words: 'Kind people.' })
  await her.press('file.service.button')
  await her.reads(say('file.service.thanks'))
  await p.go(c.path + '/messages')
  await p.look('messages of a case that has ended')
  await at.judith.go('/opinions')
  await at.judith.reads(say('casework.opinions.none')) // one person alone would be known
  await at.judith.look('what people said of the service')
}

// A mother looks for the child whom she lost: of this case other agencies are asked.
async function enquires () {
  const { bronwen: p } = at
  await p.go('/cases')
  await p.press('casework.cases.open')
  await put(p, { pair: 'REL>AP' })
  await next(p)
  await put(p, { 'applicant.name': 'Delia Marsh', 'applicant.born': [20, 1, 1948], 'applicant.relation': 'birth mother' })
  await next(p)
  await put(p, { 'subjects.0.name': 'Jory Tregear', 'subjects.0.birthName': 'Piran Marsh', 'subjects.0.born': [9, 8, 1969] })
  await next(p)
  await put(p, { 'adopted.orderDate': [2, 3, 1970], 'adopted.courtCountry': 'E', 'adopted.agency': 'Elm Row', 'adopted.agencyCountry': 'E' })
  await next(p)
  await p.press('casework.new.open')
  const c = at.two = await people(p, { path: p.expect(/^\/case\/ap/).path() })
  await p.go(c.path + '/enquiries')
  await p.look('enquiries, none')
  await wrong(p, 'ask', c.path + '/ask')
  const asked = { about: 'Piran Marsh, born 9 August 1969', text: 'His mother by birth asks.' }
  for (const whom of ['registrarGeneral', 'court']) await act(p, 'ask', c.path + '/ask', { whom, by: 'letter', addressee: 'The Registry\nWeldbridge', ...asked })
  await p.look('enquiries')
  const [first, second] = await p.page.locator('[data-enquiry]').evaluateAll(all => all.map(e => '/enquiry/' + e.dataset.enquiry))
  await p.go(first)
  await p.look('enquiry')
  await p.go(first + '/letter')
  await p.reads('The Registry', asked.about)
  await p.look('enquiry, as a letter')
  await act(p, 'progress', first + '/progress', { text: 'They have it.' })
  await act(p, 'due', first + '/due', { due: await ahead(15), text: 'They asked for a week more.' })
  await act(p, 'chase', first + '/chase', { text: 'I rang them.' })
  await wrong(p, 'answer', first + '/answer')
  await act(p, 'answer', first + '/answer', { cameBy: 'letter', on: await ahead(0), held: 'yes', information: 'An entry of 1970.' })
  await p.look('enquiry, answered')
  await act(p, 'callOff', second + '/callOff', { text: 'Not needed any more.' })
  await p.look('enquiry, called off')

  await act(p, 'ask', c.path + '/ask', { whom: 'AAA', toAgency: 'elm', ...asked })
  await world.answers()
  await p.go(c.path + '/enquiries')
  await p.look('enquiries, one answered')
  await p.press(p.page.locator('[data-enquiry]').filter({ hasText: 'Elm Row Adoption' }).getByRole('link').first())
  await p.look('enquiry, an answer to fetch')
  await p.press('casework.enquiry.pull')
  await p.expect(/^\/enquiry\/en/).look('enquiry, an answer fetched')
}

// The other agency asks, too.
async function isAsked () {
  const { idris: p } = at
  await p.go('/asked')
  await p.look('asked by other agencies, nothing')
  await world.asks()
  await p.go('/asked')
  await p.look('asked by other agencies')
  await p.press(p.page.locator('[data-enquiry]').first().getByRole('link'))
  const one = p.expect(/^\/asked\/en/).path()
  await p.reads('Corin Reed')
  await p.look('what another agency asks')
  await wrong(p, 'tell', one + '/tell')
  await act(p, 'tell', one + '/tell', { text: 'The files are in the store.', due: await ahead(12) })
  await wrong(p, 'reply', one + '/reply')
  await act(p, 'reply', one + '/reply', { held: 'yes', veto: 'none', views: 'no', appropriate: 'yes', information: 'A photograph.' })
  await p.look('what another agency asks, answered')
}

// A wish in the register: the law refers it to two people, of whom one is a manager.
async function signs () {
  const { bronwen: p, idris, judith, two: c } = at
  await state(p, c, c.ad, 'apVital', 'living')
  for (const [name, value, second] of [['reg11', 'passed', idris], ['linkProven', 'yes', idris], ['met', 'inPerson'], ['idVerified', 'yes', idris], ['aaa', 'self', idris], ['cnsl', 'yes']]) {
    await state(p, c, c.app, name, value, second)
  }
  await state(p, c, c.sub, 'subjectVital', 'living')
  await state(p, c, c.sub, 'acr', 'checked')
  await act(p, 'proceed', `${c.path}/proceed/${c.sub}`, weighed())
  await state(p, c, c.sub, 'acrNoContact', 'yes')
  await way(p, c, 'a30')
  await idris.go(c.path)
  await idris.look('case, something to sign')
  await wrong(idris, 'sign', `${c.path}/sign/${c.sub}`)
  await act(idris, 'sign', `${c.path}/sign/${c.sub}`, { until: await ahead(10), why: 'The wish is of 1991, and he asked since.' })
  await judith.go(`${c.path}/subject/${c.sub}`)
  await judith.look('somebody who is looked for, one has signed')
  const second = await judith.main().locator('a[href*="/second/"]').first().getAttribute('href')
  await wrong(judith, 'second', second)
  await act(judith, 'second', second, { why: 'I agree.' })
}

// A relative wants no contact, and says so in our register: it is looked for, and two workers say that it is about another child.
async function wished () {
  const { bronwen: p, idris, two: c } = at
  const path = `${c.path}/register/${c.sub}`
  await p.go(path)
  await p.look('our register and a case, nobody has looked')
  await act(p, 'registerNew', '/register/new', { wish: 'noContact', name: 'Ivy Marsh', relation: 'sister', 'birth.forename': 'Piran', 'birth.surname': 'Marsh', 'birth.born': [9, 8, 1969], form: 'phone' })
  await way(p, c, 'a28')
  await act(p, 'lookThrough', path)
  await p.reads('Ivy Marsh', say('casework.wishSays.found'))
  await p.look('our register and a case, somebody wants no contact')
  const word = await p.main().locator('[data-entry] a').last().getAttribute('href')
  await wrong(p, 'wish', word)
  await act(p, 'wish', word, { says: 'other', why: 'Another Piran of that day.' })
  await act(idris, 'wish', word, { says: 'other', why: 'So I read it, too.' })
  await idris.reads(say('casework.looked.not'))
  await idris.look('our register and a case, two say that it is another')
}

const notice = { registrant: 'adoptedPerson', metVerified: ['yes'], linkProven: ['yes'], form: 'writing', addressee: 'AAA', information: 'given', wishes: 'To be left in peace.', why: 'His letter.', evidence: 'letter' }

// He wants to be left in peace, thinks again, and is afraid.
async function protects () {
  const { bronwen: p, judith, two: c } = at
  await p.go(c.path + '/protection')
  await p.look('protection, nothing')
  await wrong(p, 'veto', c.path + '/veto')
  await act(p, 'veto', c.path + '/veto', { ...notice, kind: 'qualified', circumstances: 'news of an illness', receivedOn: aDay() })
  await p.look('protection')
  await act(p, 'vetoChange', c.path + '/vetoChange', { ...notice, kind: 'absolute', direction: 'strengthen', receivedOn: aDay() })
  await act(judith, 'vetoEnd', c.path + '/vetoEnd', { ...notice, receivedOn: aDay() })
  await judith.go(c.path)
  await judith.look('case that is stopped')
  await act(judith, 'resume', `${c.path}/resume/${c.sub}`, { why: 'The veto is withdrawn.' })
  await wrong(p, 'stop', `${c.path}/stop/${c.ad}`)
  await act(p, 'stop', `${c.path}/stop/${c.ad}`, { why: 'His sister called.' })
  await p.look('protection, a stop')
  await judith.go(c.path + '/protection')
  const stop = await judith.main().locator('a[href*="/stopEnd/"]').first().getAttribute('href')
  await act(judith, 'stopEnd', stop, { why: 'He says that all is well.' })
  await act(p, 'refuse', `${c.path}/refuse/${c.sub}`, { reasons: 'Nothing may be given.' })
  await act(p, 'end', c.path + '/end', { state: 'stopped', reasons: 'He asked us to.' })
  await act(judith, 'reopen', c.path + '/reopen', { reasons: 'She has found another way.' })
}

// Nobody looks for him: a record without a case, what he says by telephone, then in writing, and what becomes of it.
async function alone () {
  const { bronwen: p, idris, judith } = at
  await p.go('/record')
  await p.look('records without a case, none')
  await p.press('onrecord.new.link')
  await p.expect('/record/new').look('a new record')
  await p.press('onrecord.new.button')
  await p.look('a new record, no name')
  await put(p, { 'adopted.name': 'Corentyn Pask', 'adopted.born': [4, 5, 1971], 'adopted.address': '2 Ferry Row\nWeirbridge', 'adopted.orderDate': [6, 6, 1972], 'adopted.courtCountry': 'E', 'adopted.agencyCountry': 'E' })
  await p.press('onrecord.new.button')
  const path = p.expect(/^\/record\/ad/).path()
  const ad = path.slice('/record/'.length)
  await p.reads(say('onrecord.new.done'))
  await p.look('a record, nothing on it')
  await wrong(p, 'veto', path + '/veto')
  await act(p, 'veto', path + '/veto', { ...notice, metVerified: [], form: 'oral', kind: 'absolute', receivedOn: aDay() })
  await p.expect(path + '/said').look('a veto by telephone')
  await p.go(path + '/letter')
  await p.look('letter of what is missing')
  await act(p, 'veto', path + '/veto', { ...notice, kind: 'qualified', circumstances: 'news of an illness', receivedOn: aDay() })
  await p.look('a veto is registered')
  await p.go(path + '/letter')
  await p.look('letter of a veto')
  await act(p, 'vetoChange', path + '/vetoChange', { ...notice, kind: 'absolute', direction: 'strengthen', receivedOn: aDay() })
  await act(judith, 'vetoEnd', path + '/vetoEnd', { ...notice, receivedOn: aDay() })
  await act(p, 'stop', `${path}/stop/${ad}`, { why: 'He rang again.' })
  await act(p, 'fact', `${path}/fact/${ad}/apVital`, { value: 'living', ...said })
  await act(p, 'particulars', `${path}/particulars/${ad}`, { 'particulars.phone': '07700 900204' })
  await judith.go('/record')
  await judith.reads('Corentyn Pask')
  await judith.look('records without a case')
  await judith.fill({ name: 'pask' })
  await judith.press('onrecord.find.button')
  await judith.reads('Corentyn Pask')
  await judith.look('records without a case, by a name')
  await judith.go(path)
  await judith.look('a record')
  const stop = await judith.main().locator('a[href*="/stopEnd/"]').first().getAttribute('href')
  await act(judith, 'stopEnd', stop, { why: 'He says that all is well.' })
  await idris.go(path + '/connections')
  await idris.look('who may not work on a record')
  await wrong(idris, 'connected', path + '/connected', 'idris')
  const me = await idris.page.getByLabel(say('casework.connected.me')).getAttribute('value')
  await act(idris, 'connected', path + '/connected', { worker: me, why: 'He is my neighbour.' })
}

// Somebody asks online for a veto. Until it is read nobody is approached; then it
// stands on a record, with a stop.
async function asksForVeto (walk) {
  const { bronwen: p, judith } = at
  const he = await walk.person('Denzil', 'public', narrow)
  await sends(he, 'a veto', { purpose: { purpose: 'veto' }, who: { who: 'adopted' }, when: { when: 'pre' }, where: { where: 'england' }, kind: { kind: 'qualified' },
    circumstances: { circumstances: 'Only news of an illness.' }, name: { name: 'Denzil Carne' }, born: { born: [3, 2, 1970] }, reach: { reach: ['phone'], phone: '01632 960125' },
    address: { address: '1 Weir Cottages' } })
  await judith.go('/intakes')
  await judith.look('new enquiries of a manager, one asks for a veto')
  await p.go('/intakes')
  await p.look('new enquiries, one asks for a veto')
  await p.press(p.page.locator('[data-intake]').first().getByRole('link'))
  await p.reads('Denzil Carne', 'Only news of an illness.')
  await p.look('an enquiry that asks for a veto')
  await p.press(p.main().locator('a[href^="/record/new?intake="]').first())
  await p.look('a record for an enquiry')
  await p.press('onrecord.new.button')
  await p.expect(/^\/record\/ad/).reads('Denzil Carne')
  await p.look('a record from an enquiry, with its stop')
  const { idris } = at
  await p.go('/intakes')
  await p.look('new enquiries, one for a second look')
  await p.press(p.page.locator('[data-intake]').first().getByRole('link'))
  await p.look('an enquiry that the worker put on a record')
  const path = p.expect(/^\/intake\/in/).path()
  await idris.go(path)
  await idris.look('an enquiry that a colleague put on a record')
  await idris.go(path + '/aside')
  await idris.look('setting an enquiry aside')
  await put(idris, { reasons: 'Nobody knows whose it is.' })
  await does(idris, 'intakeAside')
  await idris.reads(say('fault.intake.opens'))
  await idris.look('an enquiry that opens is not set aside')
  await idris.go(path)
  await idris.press(idris.main().locator(`a[href="${path}/right"]`))
  await idris.look('is it the right record?')
  await does(idris, 'intakeRight')
  await idris.expect('/intakes').reads(say('casework.do.intakeRight.done'))
}

export const cases = [tray, opens, knows, approaches, joins, gives, talks, ends, enquires, isAsked, signs, wished, protects, alone, wishes, asksForVeto]
