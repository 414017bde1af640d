// How much work a letter is: a clean one is passed on in three presses at most
// after the desk was opened, and everything can be done with the keyboard alone.
import { known, say } from './browser.mjs'
import * as family from './family.mjs'
import { enter, tabTo } from './keyboard.mjs'
import { worker } from './staff.mjs'

const kelly = 'Kelly Marsh'
const most = 3

/** sends is a letter of Kelly's in which there is nothing to find; it gives its id. */
async function sends (walk, text) {
  const p = await walk.person('Kelly', 'public')
  await p.enter(known('kelly'))
  await family.write(p, `Dear Rachel and Tom\n\n${text}\n\nKelly`)
  await family.send(p)
  return 'lt' + p.path().split('/').pop().slice(2)
}

// With the mouse: open the letter, pass it on.
async function passesInThree (walk) {
  const letter = await sends(walk, 'The first frost came, and the garden is white.')
  const p = await worker(walk, 'nasreen')
  await p.go('/desk')
  let count = 0
  const press = (...where) => { count++; return p.press(...where) }
  await press(p.page.locator(`[data-letter="${letter}"]`).getByRole('button'))
  await p.expect('/letter/' + letter).reads('The first frost came')
  await press('desk.letter.pass')
  await p.expect(`/letter/${letter}/done`).reads(say('desk.doneText.passed'))
  if (count > most) throw new Error(`a clean letter takes ${count} presses`)
}

// With the keyboard: the list narrowed and whole again, a letter that is returned
// with words, and one that is passed on in as few presses as with the mouse.
async function worksByKeyboard (walk) {
  const odd = await sends(walk, 'I cannot read my own hand today, so this is short.')
  const clean = await sends(walk, 'The robins are back on the fence.')
  const p = await worker(walk, 'nasreen')
  const { keyboard } = p.page
  const at = (selector, from) => tabTo(p, selector, from)
  await p.go('/desk')
  await at('main summary', { from: 'top' })
  await keyboard.press('Enter')
  await at('[name=age]')
  await keyboard.press('ArrowDown')
  await at('main form button')
  await enter(p)
  await p.expect('/desk').reads(say('desk.narrow.all'))
  await at('main details a', { from: 'top' })
  await enter(p)

  await at(`[data-letter="${odd}"] button`, { from: 'top' })
  await enter(p)
  await p.expect('/letter/' + odd)
  await at('main textarea[name=note]', { from: 'top' })
  await keyboard.type('Ask her once more.')
  await at('button[formaction$="/return"]')
  await enter(p)
  await p.expect(`/letter/${odd}/return`)
  await at('main [name=reason]', { from: 'top' })
  await keyboard.press('Space')
  await at('main textarea[name=words]')
  await keyboard.type('Kelly, please write a little more. There is time.')
  await at('main form button[type=submit][value=preview], main form button[type=submit]:last-of-type')
  await enter(p)
  await p.reads('please write a little more')
  await at('main [name=do][value=send]', { from: 'top' })
  await enter(p)
  await p.expect(`/letter/${odd}/done`)

  await p.go('/desk')
  let count = 0
  for (const selector of [`[data-letter="${clean}"] button`, '[data-act=pass]']) {
    await at(selector, { from: 'top' })
    await enter(p)
    count++
  }
  await p.expect(`/letter/${clean}/done`).reads(say('desk.doneText.passed'))
  if (count > most) throw new Error(`a clean letter takes ${count} presses`)
}

export const presses = [passesInThree, worksByKeyboard]
