// A photo on its way: agreed on, sent, looked at, cut, passed on and seen.
import { brief, known, say } from './browser.mjs'
import * as family from './family.mjs'
import { exchangeOf, takeNewest, worker } from './staff.mjs'
import { scan } from './staffbeside.mjs'

const dean = 'Dean Fallon'

/** shown waits until every picture of the page is there. */
async function shown (p, count) {
  const wide = await p.page.locator('figure img').evaluateAll(all => Promise.all(all.map(async one => { await one.decode(); return one.naturalWidth })))
  if (wide.length !== count || wide.some(w => w === 0)) throw new Error(`${p.name} sees pictures ${wide} wide, not ${count}`)
  return wide
}

// A line of a village: the photo of sent() takes half a minute.
const slow = 64 << 10
const hill = () => ({ name: 'hill.png', mimeType: 'image/png', buffer: Buffer.concat([scan(), Buffer.alloc(2 << 20)]) })

/** adds sends a photo that was chosen. With scripts it goes beside the page, which stays where the server says no. */
async function adds (p) {
  if (brief.mode !== 'on') return p.press('photo.add')
  const before = await p.main().elementHandle()
  const moved = p.page.waitForNavigation()
  moved.catch(() => {}) // the page stays where the server says no
  const [answer] = await Promise.all([p.page.waitForResponse(r => r.request().method() === 'POST'), p.by(say('photo.add')).click()])
  if (answer.status() === 303) return p.arrive(() => moved)
  await p.page.waitForFunction(main => !main.isConnected, before) // the page may have had a fault before
  p.last = answer
}

/** onItsWay: where scripts run, a photo on a slow line shows how far it is, tells whoever listens each quarter, and can be stopped. */
async function onItsWay (p) {
  if (brief.mode !== 'on') {
    if (await p.page.locator('progress').isVisible()) throw new Error('a bar is shown that nothing moves')
    return
  }
  const line = await p.context.newCDPSession(p.page)
  const speed = uploadThroughput => line.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput })
  const heard = []
  await p.page.exposeFunction('heard', words => { heard.push(words) })
  const listen = () => p.page.evaluate(() => {
    const said = document.querySelector('[data-upload-said]')
    new globalThis.MutationObserver(() => globalThis.heard(said.textContent)).observe(said, { childList: true, characterData: true, subtree: true })
  })
  const percent = say('photo.upload.percent', { Percent: '' }).trim()
  await listen()
  await speed(slow)
  await p.field('photo').setInputFiles(hill())
  await p.by(say('photo.add')).click()
  await p.page.waitForFunction(() => document.querySelector('progress').value >= 1)
  await p.reads(percent)
  await p.look('photo on its way')
  await p.by(say('photo.upload.stop')).click()
  await p.reads(say('photo.upload.stopped')).then(p => p.readsNot(percent))
  await p.go(p.path())
  await shown(p, 0)

  heard.length = 0
  await listen()
  await speed(16 * slow)
  await p.field('photo').setInputFiles(hill())
  await p.by(say('photo.add')).click()
  await p.page.waitForURL(/said=added$/)
  await speed(-1)
  await shown(p, 1)
  const quarters = heard.filter(words => words.endsWith(percent)).map(words => Math.floor(parseInt(words, 10) / 25))
  if (quarters.length < 2 || quarters.length > 3 || new Set(quarters).size !== quarters.length) throw new Error(`whoever listens hears “${heard.join('”, “')}”`)
  await p.press(p.main().locator('form[action$="/remove"] button').last())
  await shown(p, 0)
}

async function agrees (p) {
  const exchange = await exchangeOf(p, dean)
  await p.press(p.main().locator('a[href^="/side/"][href$="/photos"]').first())
  await p.expect(/^\/side\/sd.*\/photos$/).look('photos of a side')
  await p.tick('photos', 'permitted')
  await p.press('desk.exchange.set.do')
  await p.expect(exchange).reads(say('photo.policy.permitted'))
  await p.look('exchange with photos')
}

async function sends (p) {
  await p.enter(known('dean'))
  await family.write(p, 'Dear Rachel and Tom\n\nThis is the hill behind us.\n\nDean')
  await p.press('photo.go')
  await p.expect(/^\/draft\/dr.*\/photos$/).look('photos, none yet')
  await p.press('photo.add')
  await p.reads(say('fault.photo.choose'))
  await p.look('photo not chosen')
  await p.field('photo').setInputFiles({ name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('not a picture') })
  await adds(p)
  await p.reads(say('fault.photo.kind'))
  await p.look('no photo')
  await onItsWay(p)
  for (const count of [1, 2]) {
    await p.field('photo').setInputFiles({ name: 'hill.png', mimeType: 'image/png', buffer: scan() })
    await adds(p)
    await p.reads(say('photo.added'))
    await shown(p, count)
  }
  await p.look('photos')
  await p.press(p.main().locator('form[action$="/remove"] button').last())
  await shown(p, 1)
  await p.press('photo.back')
  await p.expect(/^\/draft\/dr/).look('write with a photo')
  await p.press('family.write.check')
  await p.expect(/\/check$/).look('check with a photo')
  await shown(p, 1)
  await p.press('family.check.send')
  await p.expect(/^\/sent\//).reads(say('family.sent.sent'))
  await shown(p, 1)
  await p.look('sent with a photo')
}

async function photo (walk) {
  const owen = await worker(walk, 'owen')
  await agrees(owen)
  const his = await walk.person('Dean', 'public')
  await sends(his)

  // After a worry about his letters two workers read each; the second one looks at its photos.
  let p = owen
  await p.go('/desk')
  let letter = await takeNewest(p, dean)
  if (await p.page.locator('[data-act=first]').count()) {
    await p.press('desk.letter.first')
    p = await worker(walk, 'nasreen')
    letter = await takeNewest(p, dean)
  }
  await p.look('letter with a photo')
  await p.press('desk.letter.pass')
  await p.reads(say('fault.photo.answerFirst'))
  await p.fill({ note: 'A hill, and nobody in it.' })
  await p.press(p.main().locator('[data-list=photos] button').first())
  await p.expect(/^\/letter\/lt.*\/photo\/ph/).look('photo on the desk')
  const [wide] = await shown(p, 1)
  await p.press('photo.desk.answer')
  await p.reads(say('fault.photo.goes'))
  await p.look('photo without an answer')
  await p.tick('act', 'crop')
  await p.fill({ left: '0', top: '0', width: '50', height: '200' })
  await p.press('photo.desk.try')
  await p.reads(say('fault.photo.part'))
  await p.look('a part that is not there')
  await p.tick('act', 'crop')
  await p.fill({ left: '0', top: '0', width: '50', height: '50' })
  await p.press('photo.desk.try')
  await p.reads(say('photo.desk.tried'))
  const [half] = await shown(p, 1)
  if (half * 2 !== wide) throw new Error(`half of ${wide} is ${half} wide`)
  await p.look('photo as it would be')
  await p.press('photo.desk.do')
  await p.look('photo that was cut')
  await shown(p, 1)
  for (const name of ['uniform', 'badge', 'plate', 'sign']) await p.tick(name, 'no')
  await p.tick('goes', 'yes')
  await p.press('photo.desk.answer')
  await p.reads(say('photo.desk.goes'))
  if (await p.field('note').inputValue() !== 'A hill, and nobody in it.') throw new Error('what was typed beside a photo is lost')
  await p.press('desk.letter.pass')
  await p.expect(letter + '/done')
  await p.go(letter + '/print')
  await p.look('print with a photo')

  const her = await walk.person('Rachel', 'public')
  await her.enter(known('rachel'))
  // Others of his may wait, too.
  do {
    await her.go('/letters')
    await her.press('family.letters.look', her.main().locator('section').filter({ hasText: say('family.letters.with', { With: 'Dean' }) }))
    await her.press('family.cover.open')
    await her.expect(/\/read$/)
  } while (!(await her.text()).includes('This is the hill behind us.'))
  const [seen] = await shown(her, 1)
  if (seen !== half) throw new Error(`the photo came ${seen} wide, not ${half}`)
  await her.look('letter with a photo that came')
  const [file] = await Promise.all([her.page.waitForEvent('download'), her.by(say('photo.keep', { Place: 1 })).click()])
  if (file.suggestedFilename() !== 'picture.jpg') throw new Error(`a photo is kept as ${file.suggestedFilename()}`)
}

// A photo that worries a worker is seen by the safeguarding lead, as it came.
async function worries (walk) {
  const his = await walk.person('Dean', 'public')
  await sends(his)
  const owen = await worker(walk, 'owen')
  const letter = await takeNewest(owen, dean)
  await owen.go(await owen.main().locator('[data-list=photos] button').first().getAttribute('formaction'))
  await shown(owen, 1)
  await owen.look('photo by its address')
  await owen.go(letter)
  await owen.press('desk.letter.escalate')
  await owen.fill({ concern: 'A uniform that somebody could know.' })
  await owen.press('desk.escalate.do')
  await owen.expect(letter + '/done')
  const ruth = await worker(walk, 'ruth')
  await ruth.go('/referral/' + letter.split('/').pop())
  await shown(ruth, 1)
  await ruth.look('referral with a photo')
  await ruth.press('desk.referral.keep')
  await ruth.press('desk.referral.keep')
  await ruth.expect('/safeguarding')
}

export const photos = [photo, worries]
