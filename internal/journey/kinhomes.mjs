// Brother and sister in two homes, which write to each other and each with the
// same mother. What happens between her and one home must not show in the other.
import { brief, known, workday } from './browser.mjs'
import * as family from './family.mjs'
import { section } from './kin.mjs'
import { worker } from './staff.mjs'

// What a person's own pages link to. What is left out changes by itself: the
// secret that is offered for a second step, and when a session was last used.
const own = /^\/(letters|side|letter|sent|draft|write|account\/)/

/** picture is every page that somebody can open from their letters, by its address, as the server sends it. */
async function picture (p) {
  const pages = new Map()
  const todo = ['/letters', '/account/contact', '/account/history']
  while (todo.length) {
    const path = todo.shift()
    if (pages.has(path)) continue
    const { status, text } = await p.page.evaluate(async path => {
      const answer = await fetch(path, { redirect: 'manual' })
      return { status: answer.status, text: await answer.text() }
    }, path)
    if (status !== 200) throw new Error(`${p.name}'s link to ${path} answers ${status}`)
    p.walk.note(p.context.home, text)
    const same = text.replace(/(name="form-token" value=")[^"]*/g, '$1')
    pages.set(path, same)
    for (const [, href] of same.matchAll(/ href="([^"#]*)/g)) if (own.test(href)) todo.push(href.replaceAll('&amp;', '&'))
  }
  return pages
}

/** moved lists the pages that differ. */
const moved = (before, after) => [...new Set([...before.keys(), ...after.keys()])].filter(path => before.get(path) !== after.get(path))

/** writes sends a letter to somebody and tells the agency something about it. */
async function writes (p, other, text) {
  await p.go('/letters')
  await p.press('family.letters.write', section(p, other))
  await p.fill({ text })
  await family.send(p)
  await p.go('/letters')
  await p.press('family.letters.tell', section(p, other))
  await p.fill({ message: 'Is there room for a photograph?' })
  await p.press('family.tell.button')
}

/** passes passes the newest letter of somebody on. */
async function passes (p, from, text) {
  await p.go('/desk')
  await p.press(p.page.locator('[data-letter]').filter({ hasText: from }).last().getByRole('button'))
  await p.reads(text)
  await p.press('desk.letter.pass')
  await p.expect(/\/done$/)
}

async function opens (p, other) {
  await p.go('/letters')
  await p.press('family.letters.look', section(p, other))
  await p.press('family.cover.open')
  await p.expect(/\/read$/)
}

// The bytes are the server's, so that one pass is enough.
async function twoHomes (walk) {
  if (brief.mode !== 'on') return
  const people = {}
  for (const key of ['joanne', 'helen', 'priya']) people[key] = await (await walk.person(key, 'public')).enter(known(key))
  const owen = await worker(walk, 'owen')
  await unmoved(people.helen, people.priya, async () => {
    await writes(people.joanne, 'Priya and Mark', 'I saw a heron today.')
    await passes(owen, 'Joanne Tully', 'I saw a heron today.')
    await opens(people.priya, 'Joanne')
    await writes(people.priya, 'Joanne', 'A heron stood on our shed.')
  })
  await unmoved(people.priya, people.helen, async () => {
    await writes(people.joanne, 'Helen', 'I have a window full of tomatoes.')
    await passes(owen, 'Joanne Tully', 'I have a window full of tomatoes.')
    await opens(people.helen, 'Joanne')
    await writes(people.helen, 'Joanne', 'Ours are still green.')
  })
}

/** unmoved holds what one home sees before and after acts of the other, which changes what that one sees. */
async function unmoved (home, other, acts) {
  for (;;) {
    const day = String(await workday(0))
    const before = await picture(home)
    const theirs = await picture(other)
    await acts()
    const [same, changed] = [moved(before, await picture(home)), moved(theirs, await picture(other))]
    // The day by which one hears moves by itself at midnight.
    if (String(await workday(0)) !== day) continue
    for (const path of same) home.walk.fault(`what happens with ${other.name} moves ${home.name}'s page ${path}`)
    if (!changed.length || before.size < 8) home.walk.fault(`${other.name}'s acts changed ${changed.length} pages, and ${home.name} has ${before.size}`)
    return
  }
}

/** homes is these chapters, in their order. */
export const homes = [twoHomes]
