// A letter crosses: a birth mother has written, a worker reads it and passes it
// on, an adopter opens it and answers. Once with scripts and once without.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Demo } from './demo.mjs'
import { launch, Visitor } from './look.mjs'

let demo, browser
before(async () => { [demo, browser] = await Promise.all([Demo.start(), launch()]) })
after(async () => {
  await browser?.close()
  await demo?.stop()
})

const answer = 'Thank you for your letter. We have read it aloud twice, and a small person asks about the hedgehog.\n\nWith warm wishes'

for (const { scripts, writer, worker, reader, says } of [
  { scripts: true, writer: 'kelly', worker: 'owen', reader: 'rachel', says: 'a cake in the shape of a hedgehog' },
  { scripts: false, writer: 'joanne', worker: 'nasreen', reader: 'priya', says: 'nobody about but me and the foxes' }
]) {
  test(`a letter crosses ${scripts ? 'with' : 'without'} scripts`, async () => {
    const desk = await Visitor.open(browser, demo.desk, scripts)
    await desk.signIn(demo.person(worker), await demo.code(worker))
    assert.equal(new URL(desk.page.url()).pathname, '/desk')
    const waits = desk.page.locator('[data-letter]').filter({ hasText: demo.person(writer).name, hasNotText: 'Came on paper' })
    await desk.press('button', /^Read/, waits)
    assert.match(await desk.page.locator('main').innerText(), new RegExp(says))
    // The sister of another adoption is named: the two families know of each other.
    for (const word of await desk.page.locator('input[name^="word-"]').all()) {
      const finding = (await word.getAttribute('name')).replace('word-', 'finding-')
      await desk.page.locator(`input[name="${finding}"][value=no]`).check({ force: true })
      await word.fill('They write to each other.')
    }
    await desk.press('button', 'Pass on')
    await desk.goto('/desk')
    assert.equal(await waits.count(), 0, 'the letter is off the desk')

    const home = await Visitor.open(browser, demo.letters, scripts)
    await home.goto('/')
    await home.signIn(demo.person(reader))
    assert.equal(new URL(home.page.url()).pathname, '/leaving', 'who comes in is told how to leave fast')
    await home.press('button', 'Go on')
    assert.doesNotMatch(await home.page.content(), new RegExp(says), 'no letter is shown unasked')
    const side = home.page.locator('section').filter({ hasText: `You and ${demo.person(writer).name.split(' ')[0]}` })
    await home.press('button', /^Look at it/, side)
    assert.doesNotMatch(await home.page.content(), new RegExp(says), 'a cover has no text')
    await home.press('button', 'Open now')
    assert.match(await home.page.locator('main').innerText(), new RegExp(says))

    await home.press('button', 'Answer')
    await home.page.locator('textarea[name=text]').fill(answer)
    await home.press('button', /^Check/)
    await home.press('button', /^Send/)
    await home.goto('/letters')
    await home.close()

    await desk.goto('/desk')
    assert.ok(await desk.page.locator('[data-letter]').filter({ hasText: demo.person(reader).name }).count() > 0, 'the answer is on the desk')
    await desk.close()
  })
}

test('no name and no letter is in the log', async () => {
  const log = await demo.log()
  assert.ok(log.includes('"msg":"request"'))
  for (const secret of ['Kelly', 'Whitcombe', 'hedgehog', '127.0.0.1', demo.person('kelly').login]) {
    assert.ok(!log.includes(secret), `the log says ${secret}`)
  }
})
