// What workers do beside reading: messages, letters on paper, printing, and a
// desk that lies open.
import { deflateSync, crc32 } from 'node:zlib'
import { brief, known, say, workday } from './browser.mjs'
import * as family from './family.mjs'
import { exchangeOf, takeNewest, worker } from './staff.mjs'

const dean = 'Dean Fallon'
const margaret = 'Margaret Marsh'

const asks = 'Is it all right if I write in June this year? I am away in July.'
const answers = 'Dean, June is fine. Thank you for asking, and have a good July.'

async function answersAMessage (walk) {
  const his = await walk.person('Dean', 'public')
  await his.enter(known('dean'))
  await his.press(his.main().getByRole('link', { name: say('family.letters.tell') }).first())
  await his.fill({ message: asks })
  await his.press('family.tell.button')

  const p = await worker(walk, 'owen')
  await p.go('/messages')
  await p.look('messages')
  const card = p.page.locator('[data-message]').filter({ hasText: dean })
  await p.press(card.getByRole('link'))
  await p.expect(/^\/message\/ms/).reads(asks)
  await p.look('message')
  const message = p.path()
  await p.press('message.send')
  await p.look('message without an answer')
  await p.fill({ text: answers })
  await p.press('message.send')
  await p.expect('/messages')
  if (await card.count()) throw new Error('an answered message still waits')
  await p.go(message)
  await p.reads(say('message.answered'), answers)
  await p.look('message answered')

  await his.go('/letters')
  await his.press('family.letters.all')
  await his.press('family.side.messages')
  await his.reads(asks, answers)
}

/** scan is the picture of a sheet with nothing on it, as a scanner gives one. */
export function scan () {
  const chunk = (type, data) => {
    const all = Buffer.concat([Buffer.from(type), data])
    const out = Buffer.alloc(all.length + 8)
    out.writeUInt32BE(data.length)
    all.copy(out, 4)
    out.writeUInt32BE(crc32(all), all.length + 4)
    return out
  }
  const wide = 62
  const high = 88
  const size = Buffer.alloc(13)
  size.writeUInt32BE(wide)
  size.writeUInt32BE(high, 4)
  size[8] = 8 // bits of grey
  const rows = Buffer.alloc((wide + 1) * high, 0xf4)
  for (let y = 0; y < high; y++) rows[y * (wide + 1)] = 0 // each row as it is
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', size), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))])
}

const onPaper = 'Dear Rachel and Tom\n\nThe sweet peas are up. I put the first ones by the window.\n\nNana Margaret'

async function typesALetterIn (walk) {
  const p = await worker(walk, 'nasreen')
  const exchange = await exchangeOf(p, 'Margaret Marsh')
  await p.press('paper.link')
  await p.expect(exchange + '/paper').look('paper')
  await p.press('paper.keep')
  await p.look('paper missing')
  await p.main().locator('label', { hasText: margaret }).click()
  const [day, month, year] = await workday(0)
  await p.fill({ 'came-day': day, 'came-month': month, 'came-year': year, text: onPaper })
  await p.field('scan').setInputFiles({ name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('not a picture') })
  await p.press('paper.keep')
  await p.reads(say('fault.paper.kind'), say('paper.again'))
  await p.look('paper with no picture')
  await p.field('scan').setInputFiles({ name: 'scan.png', mimeType: 'image/png', buffer: scan() })
  await p.press('paper.keep')
  await p.expect(exchange)
  await p.go('/desk')
  const letter = await takeNewest(p, margaret, say('desk.tag.paper'))
  await p.reads(say('desk.letter.whyNot.helped'))
  await p.look('letter that she typed in')
  await p.press('desk.letter.release')

  const owen = await worker(walk, 'owen')
  await owen.go('/desk')
  await takeNewest(owen, margaret, say('desk.tag.paper'))
  await owen.expect(letter).reads('The sweet peas are up.')
  await owen.look('letter on paper')
  // The link opens a tab of its own, so that what is typed beside the letter stays.
  await owen.go(letter + '/scan')
  await owen.expect(letter + '/scan')
  if (owen.last.headers()['content-type'] !== 'image/png') throw new Error(`the scan comes as ${owen.last.headers()['content-type']}`)
  await owen.go(letter)
  // There was a worry about a letter of hers, so two read this one.
  await owen.reads(say('desk.letter.twoReaders'))
  await owen.press('desk.letter.first')
  await owen.expect(letter + '/done')
  const idris = await worker(walk, 'idris')
  await takeNewest(idris, margaret, say('desk.tag.paper'), say('desk.tag.readFirst'))
  await idris.expect(letter).press('desk.letter.pass')
  await idris.expect(letter + '/done')
  await prints(owen, exchange, letter)
}

async function prints (p, exchange, letter) {
  await p.go(exchange)
  await p.press(p.main().locator(`a[href="${letter}/print"]`))
  await p.expect(letter + '/print').reads('The sweet peas are up.', 'Orchard House')
  await p.look('print a letter')
  await p.page.emulateMedia({ media: 'print' })
  const seen = await p.page.evaluate(() => ['.govuk-service-navigation', '.gp-footer', 'main h1', '[data-sheet=letter]', '[data-sheet=address]']
    .map(s => document.querySelector(s)?.checkVisibility() ?? false))
  if (seen.join() !== 'false,false,false,true,true') p.walk.fault(`a printed letter shows menu, footer, heading, letter, address: ${seen}`)
  await p.page.emulateMedia({ media: null })
  await p.press('print.done')
  await p.expect(letter + '/print').reads(say('print.posted').replace(/ \.$/, ''))
  await p.look('printed and posted')
  await p.press('print.aloud')
  await p.expect(letter + '/print').reads(say('print.readAloud', { By: 'Owen Pritchard', Day: '' }).replace(/ \.$/, ''))
}

// A desk that lies open shows a letter by itself, a moment after it was sent.
// Without scripts it shows it when somebody loads it again.
async function liesOpen (walk) {
  const p = await worker(walk, 'nasreen', { live: true })
  const his = await walk.person('Dean', 'public')
  await his.enter(known('dean'))
  const lines = []
  p.page.on('websocket', line => lines.push(line.url()))
  await p.go('/desk')
  const from = p.page.locator('[data-letter]').filter({ hasText: dean })
  const before = await from.count()
  await family.write(his, 'Dear Rachel and Tom\n\nI planted beans this week. They are not up yet.\n\nDean')
  await family.send(his)
  if (brief.mode === 'on') await from.nth(before).waitFor()
  else await p.go('/desk')
  if (await from.count() !== before + 1) throw new Error('the desk does not show what came')
  if (lines.length !== (brief.mode === 'on' ? 2 : 0)) throw new Error(`${lines.length} lines were opened`)
  // The line is for our own open pages and nothing else.
  await p.go('/live')
  if (p.last.status() !== 403) throw new Error(`a line for no page answers ${p.last.status()}`)
  await p.page.close()
}

// What is sent after a desk was read and before its line is open shows all the same.
async function comesBetween (walk) {
  if (brief.mode !== 'on') return
  const p = await worker(walk, 'nasreen', { live: true })
  let sent
  const waits = new Promise(resolve => { sent = resolve })
  await p.page.routeWebSocket(/\/live\?/, async line => {
    await waits
    line.connectToServer()
  })
  const his = await walk.person('Margaret', 'public')
  await his.enter(known('margaret'))
  await p.go('/desk')
  const from = p.page.locator('[data-letter]').filter({ hasText: margaret })
  const before = await from.count()
  await family.write(his, 'Dear Rachel and Tom\n\nThe beans are up after all.\n\nMargaret')
  await family.send(his)
  sent()
  await from.nth(before).waitFor()
  await p.page.close()
}

const rings = 'Dear Rachel and Tom\n\nPlease ring me on 07700 900987 one evening. Sad news: my grandad died.\n\nDean'

/** answerFindings says of everything that is asked about a letter that it can stay. */
async function answerFindings (p, word) {
  for (const name of await p.page.locator('[name^="word-"]:not([type=hidden])').evaluateAll(all => all.map(one => one.name))) {
    await p.tick(name.replace('word-', 'finding-'), 'no')
    await p.fill({ [name]: word })
  }
}

// Two workers read a letter in which the screen found a telephone number and a death.
async function readsTwice (walk) {
  const owen = await worker(walk, 'owen')
  const exchange = await exchangeOf(owen, dean)
  const set = async (p, which) => {
    await p.go(exchange + '/readers')
    await p.tick('readers', which)
    await p.press('desk.exchange.set.do')
  }
  await owen.go(exchange + '/readers')
  await owen.look('who reads twice')
  await set(owen, 'always')
  await owen.expect(exchange).reads(say('desk.exchange.readers.now.always'))
  await owen.look('exchange that is read twice')

  const his = await walk.person('Dean', 'public')
  await his.enter(known('dean'))
  await family.write(his, rings)
  await family.send(his)

  await owen.go('/desk')
  const letter = await takeNewest(owen, dean)
  await owen.reads(say('desk.letter.twoReaders'), say('desk.finding.asked'), say('desk.finding.newsBirth'))
  await owen.look('letter with findings')
  await owen.press('desk.letter.first')
  await owen.look('findings not answered')
  await answerFindings(owen, 'a number from a song')
  await owen.fill({ note: 'Read with care.' })
  await owen.press('desk.letter.first')
  await owen.expect(letter + '/done').reads(say('desk.doneText.first'))
  await owen.look('waits for a second reader')
  await takeNewest(owen, dean)
  await owen.expect(letter).reads(say('desk.letter.whyNot.readFirst'))
  await owen.look('letter that he read first')
  await owen.press('desk.letter.release')

  const p = await worker(walk, 'nasreen')
  await p.go('/desk')
  await p.look('desk with a second reader')
  await takeNewest(p, dean)
  await p.expect(letter).reads('a number from a song', 'Read with care.')
  await p.look('letter for the second reader')
  await answerFindings(p, 'the same')
  const told = p.page.locator('[name$="-CARE"][value="warned"]').first()
  await p.tick(await told.getAttribute('name'), 'warned')
  await p.press('desk.letter.pass')
  await p.expect(letter + '/done')
  await set(owen, 'risk') // a manager's to say
  await owen.reads(say('fault.exchange.fewerReaders'))
  await set(await worker(walk, 'judith'), 'risk')
}

// A court forbids a contact: it rests, a manager sees it and takes the order back,
// and it goes on.
export async function courtForbids (walk) {
  const owen = await worker(walk, 'owen')
  const exchange = await exchangeOf(owen, dean)
  const order = async (p, which, note) => {
    await p.go(exchange + '/order')
    await p.tick('order', which)
    await p.fill({ note })
    await p.press('desk.exchange.set.do')
  }
  await owen.press(owen.main().locator(`a[href="${exchange}/order"]`))
  await owen.look('court order')
  await order(owen, 'prohibits', 'Weldbridge family court. I read the order itself.')
  await owen.expect(exchange).reads(say('desk.exchange.order.now.prohibits'), 'I read the order itself.')
  await owen.look('exchange that a court forbids')
  await owen.go(exchange + '/state')
  await owen.tick('state', 'active')
  await owen.press('desk.exchange.set.do')
  await owen.reads(say('fault.exchange.prohibited'))
  await owen.go(exchange + '/order')
  await owen.reads(say('fault.exchange.forbids'))
  await owen.look('court order that a worker cannot take back')

  const judith = await worker(walk, 'judith')
  await judith.go('/breaches')
  await judith.reads(say('manage.breaches.order.unseen'))
  await judith.look('court orders for a manager')
  await order(judith, 'prohibits', 'I read it, too.')
  await judith.look('court order that a manager has read')
  await order(judith, 'permits', 'It was varied.')
  await judith.go('/breaches')
  await judith.reads(say('manage.breaches.order.permits'))
  await order(judith, 'none', 'It has ended.')
  await owen.go(exchange + '/state')
  await owen.tick('state', 'active')
  await owen.press('desk.exchange.set.do')
  await owen.expect(exchange).reads(say('desk.exchange.order.now.none'))
}

export const beside = [answersAMessage, typesALetterIn, readsTwice, liesOpen, comesBetween]
