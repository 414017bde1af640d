// The stories that the demo tells of the intermediary service, each walked from
// where the demo leaves it to its end. Whoever works on them is signed in from
// the cases before (casework.mjs).
import { put } from './apply.mjs'
import { goOn, known, narrow, say, workday, world } from './browser.mjs'
import { act, at, aDay, does, fresh, looks, people, state, way, wrong } from './casework.mjs'

/** told is the case of each applicant, by the key of the demo. */
const told = {}

/** names of the seven, as they stand in the list. */
const names = { maureen: 'Maureen Tolley', callan: 'Callan Frith', sheila: 'Sheila Orme', bernard: 'Bernard Coe', imogen: 'Imogen Sparrow', jodie: 'Jodie Marlow', gethin: 'Gethin Prosser' }

async function seven () {
  for (const key of ['bronwen', 'idris', 'judith']) await at[key].enter(known(key))
  const p = at.bronwen
  for (const where of ['/cases', '/cases?show=ended']) {
    await p.go(where)
    for (const [key, name] of Object.entries(names)) {
      const card = p.page.locator('[data-case]').filter({ hasText: name })
      if (await card.count()) told[key] = { path: '/case/' + await card.first().getAttribute('data-case') }
    }
  }
  const lost = Object.keys(names).filter(key => !told[key])
  if (lost.length) throw new Error(`the list of cases does not show ${lost}`)
  for (const key of Object.keys(names)) await people(p, told[key])
}

/** home signs an applicant in and goes to their file. */
async function home (walk, key, file) {
  const p = await walk.person(`${key} at home`, 'public', narrow)
  await p.enter(known(key))
  await p.go('/letters')
  await p.press(p.main().locator(`a[href="/file/${file}"]`).first())
  return p.expect(`/file/${file}`)
}

// Adopted in 1952: the talk that the law asks for was held, and her brother's
// name lies ready for her.
async function before1975 (walk) {
  const { bronwen: p } = at
  const c = told.maureen
  await p.go(c.path + '/facts')
  await p.reads(say('casework.fact.interviewHeld'), 'wanted two days to think it over')
  await p.look('facts of somebody adopted before 1975')
  const her = await home(walk, 'maureen', c.app)
  await her.readsNot('Raymond')
  await her.press(her.main().locator('a[href^="/pack/"]').first())
  await her.press('file.cover.open')
  await her.reads('Your brother is called Raymond Skerry.')
  await her.look('what somebody adopted before 1975 was given')
  await p.go(c.path + '/items')
  await p.reads('Raymond Skerry')
  await p.look('items, one given and opened')
}

// Adopted in 1990: his mother consents to letters, and to nothing else.
async function letters (walk) {
  const { bronwen: p, idris } = at
  const c = told.callan
  await looks(p, c)
  await way(p, c, 'a31')
  await p.go(`${c.path}/subject/${c.sub}`)
  await p.reads('Nobody at home knows of Daniel.', say('casework.consent.lettersOnly'))
  await p.readsNot(say('casework.kind.address'))
  await p.look('somebody who agreed to letters only')
  await opensLetters(idris, c)
  await idris.go(`${c.path}/subject/${c.sub}`)
  await idris.reads(say('casework.contact.open'))
  await idris.look('letters between two people')
  // Each sees the other's first name, and no more.
  for (const [key, other, hidden] of [['callan', 'Yvonne', 'Brack'], ['yvonne', 'Callan', 'Frith']]) {
    const one = await walk.person(`${key} at home`, 'public', narrow)
    await one.enter(known(key))
    await one.go('/letters')
    await one.reads(other)
    await one.readsNot(hidden)
    await one.look('letters after a consent')
  }
}

// Both windows of a worker are signed out over the form. In the first they do
// it; what stood in the second can only be copied then.
async function opensLetters (p, c) {
  const form = `${c.path}/contact/${c.sub}`
  await p.go(form)
  await p.look('letters between them, before')
  const other = await p.tab()
  await other.go(form)
  await other.fill({ applicant: 'My son' })
  await goOn('61m')
  await does(other, 'contact')
  if (other.last.status() !== 401) throw new Error(`a form of a session that ended answers ${other.last.status()}`)
  await other.reads(say('account.signIn.carried'))
  await other.readsNot('My son')
  await other.look('signed out over a case')
  await does(p, 'contact')
  await p.signIn(known('idris'))
  await p.reads(say('casework.carried.notYet'))
  await p.look('letters between them, typed before')
  await put(p, { named: [await p.page.getByLabel('Owen Pritchard').getAttribute('value')], ...await fresh(p, 'idris') })
  await does(p, 'contact')
  await p.reads(say('casework.do.contact.done'))
  await other.signIn(known('idris'))
  await other.reads(say('casework.carried.what'), 'My son')
  await other.look('what was typed before, to copy')
  await other.page.close()
}

/** ended is a file's page without what differs between any two people: ids and tokens. */
async function ended (p) {
  const html = await p.main().innerHTML()
  return html.replace(/[a-z]{2}[a-z2-7]{20}/g, '{id}').replace(/value="[^"]*"/g, 'value=""')
}

// Dorothy came by herself, and says that her granddaughter may go on. It is her
// own word, and not the consent of whoever is looked for.
async function agreesFirst (p, c, second) {
  await wrong(p, 'askAdopted', `${c.path}/askAdopted/${c.sub}`)
  await act(p, 'askAdopted', `${c.path}/askAdopted/${c.sub}`, { outcome: 'theirs', way: 'visit', words: 'She came with Imogen, and we talked alone.' })
  await p.go(`${c.path}/subject/${c.sub}`)
  const answer = await p.main().locator('a[href*="/adoptedAnswer/"]').first().getAttribute('href')
  await wrong(p, 'adoptedAnswer', answer)
  await act(p, 'adoptedAnswer', answer, { answer: 'given', explainedBy: 'Bronwen Sayer', on: aDay(), written: ['yes'], words: 'As long as there is time.' })
  await act(second, 'agree', `${c.path}/agree/${c.app}/apConsent`)
  // What somebody thinks of giving an item is asked under the newer law, and stands beside it.
  await p.go(answer.replace('adoptedAnswer', 'viewsAnswer'))
  await p.look('what somebody thinks of an item, answered')
  await wrong(p, 'viewsAnswer', answer.replace('adoptedAnswer', 'viewsAnswer'))
}

const neutral = { reasons: 'We read everything once more.' }

// An absolute veto, and a cousin who says no: two birth families read the same.
async function refusedAlike (walk) {
  const { bronwen: p, idris } = at
  const veto = told.sheila
  await p.go(veto.path)
  await p.reads(say('casework.case.stopped'))
  await p.look('case stopped by a veto')
  await p.go(veto.path + '/protection')
  await p.reads('I want it left as it is')
  await p.look('protection, an absolute veto')
  const sheila = await home(walk, 'sheila', veto.app)
  await sheila.look('own case, and a veto nobody hears of')

  const c = told.imogen
  await looks(p, c)
  await way(p, c, 'a27')
  await p.look('case that the adopted person has to agree to')
  await agreesFirst(p, c, idris)
  await way(p, c, 'a36')
  await act(p, 'trace', `${c.path}/trace/${c.sub}`, { outcome: 'traced', where: 'electoral roll', words: 'Found at once.' })
  await act(p, 'approach', `${c.path}/approach/${c.sub}`, { way: 'letter', outcome: 'sent', words: 'In a plain envelope.' })
  await act(p, 'consent', `${c.path}/consent/${c.sub}`, { answer: 'no', on: aDay(), words: 'Please leave it.' })
  const imogen = await home(walk, 'imogen', c.app)
  if (await ended(sheila) !== await ended(imogen)) throw new Error('a veto and a refusal read differently while they wait')

  for (const one of [veto, c]) {
    await act(p, 'refuse', `${one.path}/refuse/${one.sub}`, neutral)
    await act(p, 'end', one.path + '/end', { state: 'closed', ...neutral })
  }
  for (const [one, file] of [[sheila, veto.app], [imogen, c.app]]) {
    await one.go(`/file/${file}`)
    await one.readsNot('veto', 'no contact', 'found', 'refused')
  }
  await sheila.look('own case, ended as every other')
  if (await ended(sheila) !== await ended(imogen)) throw new Error('a veto and a refusal read differently in the end')
}

// England: a qualified veto lets news of an illness through, and Elm Row, who
// keeps the record, is asked anew before the next act.
async function newsOfAnIllness () {
  const { bronwen: p, idris, judith } = at
  const c = told.bernard
  await way(p, c, 'a26')
  await p.look('case that needs a fresh answer about a veto')
  await p.go(c.path + '/enquiries')
  await p.reads('Elm Row Adoption')
  await act(p, 'ask', c.path + '/ask', { whom: 'AAA', toAgency: 'elm', about: 'Susan Coe, born 17 April 1971', text: 'Is all as you wrote?' })
  await world.answers('qualified')
  await p.go(c.path + '/enquiries')
  await p.press(p.page.locator('[data-enquiry]').filter({ hasText: 'Elm Row Adoption' }).filter({ hasText: say('casework.enquiry.unheard') }).getByRole('link').first())
  await p.press('casework.enquiry.pull')
  await p.go(c.path)
  await p.reads(say('casework.case.stopped')) // until somebody has judged the new answer
  await state(p, c, c.app, 'qualified', 'met', idris)
  await act(judith, 'resume', `${c.path}/resume/${c.sub}`, { why: 'It is the same wish, and the same news.' })
  await looks(p, c)
  await way(p, c, 'a33')
  await p.look('case within a qualified veto, in England')
  await act(p, 'consent', `${c.path}/consent/${c.sub}`, { answer: 'onlyThroughUs', scope: ['medical'], explainedBy: 'Bronwen Sayer', on: aDay(), written: ['yes'], words: 'Thank you for telling me. I went to the clinic.' })
  await act(p, 'end', c.path + '/end', { state: 'closed', reasons: 'She has the news, and was tested.' })
}

// Wales: the same wish, and nobody may act on it before two people have read the
// text of the law.
async function inWales () {
  const { bronwen: p, idris, judith } = at
  const c = told.gethin
  await looks(p, c)
  await way(p, c, 'a14')
  await p.look('case within a qualified veto, in Wales')
  await p.go(`${c.path}/sign/${c.sub}`)
  if (p.last.status() !== 409) throw new Error(`the page to sign row a14 answers ${p.last.status()}`)

  // Two people say that they have read it, and two sign this one case.
  await p.go('/texts')
  await p.look('texts that wait to be read')
  await wrong(p, 'textRead', '/texts/OQ9/read')
  await act(p, 'textRead', '/texts/OQ9/read', { text: 'The Regulations of 2005, as amended to this day', why: 'They let this be done with consent.' })
  await judith.go('/texts')
  await judith.look('texts, one read by somebody')
  const second = await judith.main().locator('a[href*="/second"]').first().getAttribute('href')
  await wrong(judith, 'textSecond', second)
  await act(judith, 'textSecond', second, { text: 'The same, in both languages', why: 'I read it so, too.' })
  await judith.look('texts, one read by two')
  await act(idris, 'sign', `${c.path}/sign/${c.sub}`, { until: await workday(10), why: 'His mother asks for her every day.' })
  await judith.go(`${c.path}/subject/${c.sub}`)
  await act(judith, 'second', await judith.main().locator('a[href*="/second/"]').first().getAttribute('href'), { why: 'I agree.' })
  await looks(p, c)
  await way(p, c, 'a33')
  await wrong(judith, 'textEnd', second.replace('/second', '/end'))
  await act(judith, 'textEnd', second.replace('/second', '/end'), { why: 'A new text is announced.' })
  await looks(p, c)
  await way(p, c, 'a14')

  // Idris went to school with her, and does nothing more in it.
  await idris.go(c.path + '/connections')
  await idris.look('who may not work on a case, nobody')
  await wrong(idris, 'connected', c.path + '/connected', 'idris')
  const me = await idris.page.getByLabel(say('casework.connected.me')).getAttribute('value')
  await act(idris, 'connected', c.path + '/connected', { worker: me, why: 'We went to one school.' })
  await idris.go(c.path)
  if (idris.last.status() === 200) throw new Error('somebody who knows them still reads the case')
  await p.go(c.path + '/connections')
  await p.reads('Idris Pell', 'We went to one school.')
  await p.look('who may not work on a case')
}

// Adopted after 2005: the agency's own duty. What she has a right to went by post.
async function agencysDuty () {
  const { bronwen: p } = at
  const c = told.jodie
  await p.go(c.path)
  await p.reads(names.jodie)
  await p.look('case of somebody adopted after 2005')
  await p.go(c.path + '/items')
  await p.reads('you laughed before you cried')
  await p.press(p.main().locator('a[href*="/print/"]').first())
  await p.reads('you laughed before you cried', names.jodie, '9 Kiln Street', say('casework.pack.noReceipt'))
  await p.look('what was given on paper, and posted')
  const receipt = await p.main().locator('a[href*="/receipt/"]').getAttribute('href')
  await wrong(p, 'receipt', receipt)
  await act(p, 'receipt', receipt, { on: await workday(0) })
}

const child = { 'birth.forename': 'Piers', 'birth.surname': 'Orme', 'birth.born': ['', '', 1969], 'birth.place': 'North Carrow', verified: ['yes'], adult: ['yes'], form: 'paper', addressOn: aDay() }

// The agency's own contact register: Maureen wishes for contact with a sister if
// she has one, and somebody says that she is. Two workers say that they belong
// together, and nothing is sent.
async function register () {
  const { bronwen: p, idris } = at
  await p.go('/register')
  await p.reads(names.maureen, 'Ada Fennimore')
  await p.look('contact register')
  await p.go('/register/search')
  await p.look('contact register, a pair')
  const pair = await p.main().locator('[data-pair] a').first().getAttribute('href')
  await wrong(p, 'registerPair', pair)
  await act(p, 'registerPair', pair, { says: 'same', names: 'yes', why: 'The month, the place and the mother agree.' })
  await act(idris, 'registerPair', pair, { says: 'same', names: 'yes', why: 'So I read it, too.' })
  await p.go(pair)
  await p.reads(say('casework.pairState.confirmed'))
  await p.look('contact register, a pair of two workers')

  await wrong(p, 'registerNew', '/register/new')
  await act(p, 'registerNew', '/register/new', { ...child, wish: 'contact', name: 'Hester Orme', relation: 'aunt', address: '2 Mill Row', related: ['yes'] })
  const aunt = p.path()
  await p.look('contact register, an entry')
  await p.go(`/register/search?of=${aunt.split('/').pop()}`)
  await p.reads(say('casework.register.noPairs'))
  await p.look('contact register, no pairs')
  await wrong(p, 'registerOwn', `/register/of/${told.sheila.ad}`)
  await act(p, 'registerOwn', `/register/of/${told.sheila.ad}`, { ...child, wish: 'noContactAll', name: 'Alan Pym', address: '9 Fore Street' })
  for (const letter of ['letter', 'address']) {
    await p.go(`${aunt}/${letter}`)
    await p.look(`contact register, ${letter} for print`)
  }
  await act(p, 'registerAsked', `${aunt}/asked`)
  await act(p, 'registerChange', `${aunt}/change`, { wish: 'noContact', why: 'She rang.' })
  await p.reads(say('casework.register.earlier'))
  await p.look('contact register, an entry that was changed')
}

// Whoever works is signed out over the letters, which come last.
export const stories = [seven, before1975, refusedAlike, register, newsOfAnIllness, inWales, agencysDuty, letters]
