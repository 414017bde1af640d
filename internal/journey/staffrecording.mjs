// A voice in place of a letter: agreed on, said, listened to, written down, passed on and heard.
import { stat } from 'node:fs/promises'
import { brief, known, say } from './browser.mjs'
import * as family from './family.mjs'
import { exchangeOf, takeNewest, worker } from './staff.mjs'

const dean = 'Dean Fallon'
const words = 'Hello, it is me. The hill is white this morning.'

/** tone is a WAV of so many seconds. */
function tone (seconds) {
  const data = Buffer.alloc(seconds * 16000)
  for (let i = 0; i < seconds * 8000; i++) data.writeInt16LE(Math.round(12000 * Math.sin(i * 2 * Math.PI * 440 / 8000)), i * 2)
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + data.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(8000, 24)
  head.writeUInt32LE(16000, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(data.length, 40)
  return Buffer.concat([head, data])
}

/** plays lets the page's player fetch its sound, moves it, and gives how long it is. */
async function plays (p) {
  const player = p.page.locator('audio[src^="/"]')
  const known = () => player.evaluate(one => ({ ready: one.readyState, failed: one.error && one.error.message, long: one.duration }))
  await player.evaluate(one => { one.preload = 'auto' })
  let now = await known()
  for (const until = Date.now() + 60_000; now.ready < 2 && !now.failed && Date.now() < until;) now = await known()
  if (now.ready < 2 || !(now.long > 0 && now.long < 60)) throw new Error(`${p.name} cannot play what is there: ${JSON.stringify(now)}`)
  return now.long
}

async function agrees (p) {
  const exchange = await exchangeOf(p, dean)
  await p.press(p.main().locator('a[href^="/side/"][href$="/recordings"]').first())
  await p.expect(/^\/side\/sd.*\/recordings$/).look('recordings of a side')
  await p.tick('recordings', 'permitted')
  await p.press('desk.exchange.set.do')
  await p.expect(exchange).reads(say('recording.policy.permitted'))
  await p.look('exchange with recordings')
}

/** adds sends the recording up: with scripts beside the page, which stays where it is refused. */
async function adds (p, button = 'recording.add') {
  if (brief.mode !== 'on') return p.press(button)
  const moved = p.page.waitForNavigation().catch(() => {})
  const [answer] = await Promise.all([p.page.waitForResponse(r => r.request().method() === 'POST'), p.by(say(button)).click()])
  if (answer.status() === 303) return p.arrive(() => moved)
  await p.by(say('recording.upload.again')).waitFor()
}

/** kept refuses a recording twice, once by an answer and once by a lost line: it is spoken once, and is still there to be sent or saved. */
async function kept (p) {
  const spoken = () => p.page.evaluate(() => {
    const file = document.querySelector('input[type=file]').files[0]
    return `${file.size} ${document.querySelector('[data-listen]').src}`
  })
  const first = await spoken()
  const next = act => p.page.route(/\/recording$/, act, { times: 1 })
  const headers = { ...p.last.headers(), 'content-type': 'text/html; charset=utf-8' }
  for (const name of ['content-length', 'content-encoding']) delete headers[name]
  await next(route => route.fulfill({ status: 503, headers, body: `<!doctype html><title>503</title><main><p>${say('fault.recording.busy')}</p></main>` }))
  await adds(p)
  await p.reads(say('fault.recording.busy'))
  await p.look('recording that found no place')
  await next(route => route.abort('internetdisconnected'))
  await p.by(say('recording.upload.again')).click()
  await p.page.getByText(say('recording.upload.failed')).waitFor()
  const [saved] = await Promise.all([p.page.waitForEvent('download'), p.by(say('recording.upload.save')).click()])
  const { size } = await stat(await saved.path())
  if (!/^recording\.(webm|m4a|ogg)$/.test(saved.suggestedFilename()) || size !== parseInt(first, 10)) throw new Error(`saved as ${saved.suggestedFilename()} of ${size}, not ${first}`)
  if (await spoken() !== first) throw new Error('it has to be spoken again')
}

/** says speaks into the microphone; a browser without scripts sends a file. */
async function says (p, refused = false) {
  let button = 'recording.add'
  if (brief.mode === 'on') {
    await p.page.locator('[data-start]').focus()
    await p.page.keyboard.press('Enter')
    await p.page.locator('[data-stop]').waitFor()
    await p.page.waitForFunction(() => /0:0[2-9]/.test(document.querySelector('[data-time]').textContent))
    await p.look('recording')
    await p.page.keyboard.press('Enter') // Stop has the focus
    await p.page.locator('[data-again]').waitFor()
    await p.reads(say('recording.done'))
    await p.look('recorded')
    if (refused) {
      await kept(p)
      button = 'recording.upload.again'
    }
  } else await p.field('recording').setInputFiles({ name: 'hello.wav', mimeType: 'audio/wav', buffer: tone(2) })
  await adds(p, button)
  await p.reads(say('recording.added'))
  return plays(p)
}

async function sends (p) {
  await p.enter(known('dean'))
  await family.write(p, '')
  await p.press('recording.go')
  await p.expect(/^\/draft\/dr.*\/recording$/).look('recorder')
  await p.press('recording.add')
  await p.reads(say('fault.recording.choose'))
  await p.look('nothing recorded')
  await p.field('recording').setInputFiles({ name: 'list.mp3', mimeType: 'audio/mpeg', buffer: Buffer.from('#EXTM3U\n/etc/hostname\n') })
  await adds(p)
  await p.reads(say('fault.recording.kind'))
  await p.look('no recording')
  await says(p, true)
  await p.look('recording that is there')
  await p.press('recording.remove')
  if (await p.page.locator('audio[src]').count()) throw new Error('a recording that was taken out is there')
  await says(p)
  await p.press('recording.back')
  await p.expect(/^\/draft\/dr/).look('write with a recording')
  await p.press('family.write.check')
  await p.expect(/\/check$/).look('check with a recording')
  await plays(p)
  await p.press('family.check.send')
  await p.expect(/^\/sent\//).reads(say('family.sent.sent'))
  await plays(p)
  await p.look('sent with a recording')
}

/** hears listens to the recording of the letter on the page, and says that it goes. */
async function hears (p, letter) {
  await p.press(p.main().locator('[data-list=recording] a'))
  await p.expect(/^\/letter\/lt.*\/recording$/).look('recording on the desk')
  await plays(p)
  await p.press('recording.desk.answer')
  await p.reads(say('fault.recording.goes'))
  await p.look('recording without an answer')
  await p.tick('heard', 'yes')
  await p.tick('goes', 'yes')
  await p.fill({ transcript: words })
  await p.press('recording.desk.answer')
  await p.expect(letter).reads(say('recording.desk.goes'), words)
}

async function recording (walk) {
  const owen = await worker(walk, 'owen')
  await agrees(owen)
  await sends(await walk.person('Dean', 'public'))

  let p = owen
  await p.go('/desk')
  let letter = await takeNewest(p, dean)
  await p.look('letter with a recording')
  if (await p.page.locator('[data-act=first]').count()) {
    // After a worry about his letters two workers read each; the second one listens, too.
    await hears(p, letter)
    await p.press('desk.letter.first')
    p = await worker(walk, 'nasreen')
    letter = await takeNewest(p, dean)
  }
  await p.press('desk.letter.pass')
  await p.reads(say('fault.recording.answerFirst'))
  await hears(p, letter)
  await p.look('letter with what was written down')
  await p.press('desk.letter.pass')
  await p.expect(letter + '/done')
  await p.go(letter + '/print')
  await p.reads(say('recording.print'), words)
  await p.look('print with a recording')

  const her = await walk.person('Rachel', 'public')
  await her.enter(known('rachel'))
  // Others of his may wait, too.
  do {
    await her.go('/letters')
    await her.press('family.letters.look', her.main().locator('section').filter({ hasText: say('family.letters.with', { With: 'Dean' }) }))
    await her.press('family.cover.open')
    await her.expect(/\/read$/)
  } while (!(await her.text()).includes(words))
  await plays(her)
  await her.look('letter with a recording that came')
}

export const recordings = [recording]
