// Somebody asks the agency online, without an account: stops half way, comes
// back on another phone with the code, and sends.
import { narrow, say } from './browser.mjs'

/** nerys is who asks; the agency's workers take it from there. */
export const nerys = { name: 'Nerys Holloway', birth: 'Nerys Vane', sought: 'My mother.\nShe was called Tamsin Vane.' }

/** put fills in fields of all kinds: a text, one or several choices, or a day as [day, month, year]. */
export async function put (p, values) {
  for (const [name, value] of Object.entries(values)) {
    const choice = p.page.locator(`[name="${name}"][type=radio], [name="${name}"][type=checkbox]`)
    if (await choice.count()) for (const one of [value].flat()) await p.tick(name, one)
    else if (Array.isArray(value)) for (const [i, part] of ['day', 'month', 'year'].entries()) await p.fill({ [`${name}-${part}`]: String(value[i]) })
    else await p.fill({ [name]: value })
  }
}

/** answer answers the question where somebody stands, and gives where it leads. */
async function answer (p, name, values, button = 'apply.goOn') {
  await p.expect(`/apply/ask/${name}`).look(`question ${name}`)
  await put(p, values)
  await p.press(button)
}

async function asks (walk) {
  const p = await walk.person('Nerys', 'public', narrow)
  await p.go('/apply')
  await p.look('ask us')
  await p.press('apply.start.info')
  await p.expect('/apply/information').look('what everybody should know')
  await p.go('/apply')
  await p.press('apply.start.begin')
  await p.expect('/apply/code').look('a code to come back')
  const code = (await p.main().locator('.gp-code').first().innerText()).trim()
  await p.press('apply.code.first')
  await answer(p, 'purpose', { purpose: 'search' })
  await answer(p, 'who', { who: 'adopted' })
  await answer(p, 'when', { when: 'interview' })
  await answer(p, 'where', { where: 'england' })
  await p.expect('/apply/what').look('what we can do')
  await p.press('apply.goOn')
  await p.expect('/apply/information').look('what somebody should know')
  await p.press('apply.info.read')
  await answer(p, 'seeks', { seeks: ['contact', 'background'], hopes: 'To know\nwhy.' })
  await answer(p, 'name', {})
  await p.look('question without an answer')
  await answer(p, 'name', { name: nerys.name })
  await answer(p, 'born', { born: [14, 6, 1960] })
  await answer(p, 'reach', { reach: ['phone'], phone: '01632 960123', safe: 'Mornings only.' })
  await answer(p, 'address', { address: '4 Heron Lane\nNorth Carrow' }, 'apply.later')
  await p.expect('/apply/code').press('apply.code.stop')
  await p.expect('/apply/left').look('stopped for now')
  await p.go('/apply/check')
  await p.expect('/apply/return')
  await comesBack(walk, code)
}

async function comesBack (walk, code) {
  const p = await walk.person('Nerys elsewhere', 'public')
  await p.go('/apply')
  await p.press('apply.start.return')
  await p.expect('/apply/return').look('come back with a code')
  await p.fill({ code: '7K3M-9Q2X-W4TB-8NDS' })
  await p.press('apply.return.go')
  await p.look('come back with a wrong code')
  await p.fill({ code: code.toLowerCase() })
  await p.press('apply.return.go')
  await p.expect('/apply/check').reads(nerys.name, '4 Heron Lane')
  await p.look('check half the answers')
  await p.go('/apply/ask/adoption')
  await answer(p, 'adoption', { birthName: nerys.birth })
  await answer(p, 'sought', { sought: nerys.sought })
  await answer(p, 'helper', {})
  await answer(p, 'needs', { needs: ['largePrint'] })
  await p.expect('/apply/check').look('check the answers')
  await p.press('apply.check.send')
  await p.expect('/apply/sent').reads(say('apply.sent.what'))
  await p.look('sent to us')
  await p.press('apply.sent.close')
  await p.expect('/apply/left')
}

// What the law has for somebody who was adopted after 2005, and for a relative in
// Wales: said after three answers.
async function ways (walk) {
  const p = await walk.person('somebody who asks', 'public', narrow)
  for (const [who, when, where, ...says] of [
    ['adopted', 'post', 'england', 'apply.what.duty.adopted.1', 'apply.what.birth.agency.1'],
    ['relative', 'pre', 'wales', 'apply.what.service.relative.2', 'apply.what.wales'],
    ['adopted', 'pre', 'england', 'apply.what.service.adopted.1', 'apply.what.birth.registrar.2']]) {
    await p.go('/apply')
    await p.press('apply.start.begin')
    await p.press('apply.code.first')
    await answer(p, 'purpose', { purpose: 'search' })
    await answer(p, 'who', { who })
    if (who === 'relative') {
      await answer(p, 'relation', {})
      await answer(p, 'looks', { looks: 'adopted' })
    }
    await answer(p, 'when', { when })
    await answer(p, 'where', { where })
    await p.expect('/apply/what').reads(...says.map(key => say(key)))
    if (where === 'england') await p.readsNot(say('apply.what.wales'))
    await p.look(`what we can do for somebody ${who}, ${when}, ${where}`)
    await p.go('/apply/code')
    await p.press('apply.code.stop')
  }
}

/** sends asks for a veto, or states a wish: every question that comes, to the end. */
export async function sends (p, what, answers) {
  await p.go('/apply')
  await p.press('apply.start.begin')
  await p.press('apply.code.first')
  for (let left = 30; p.path() !== '/apply/check'; left--) {
    if (!left) throw new Error(`the questions of ${what} do not end`)
    await p.look(`${what}, ${p.path().split('/').pop()}`)
    if (!p.path().startsWith('/apply/ask/')) {
      await p.press(p.path() === '/apply/information' ? 'apply.info.read' : 'apply.goOn')
      continue
    }
    await put(p, answers[p.path().split('/').pop()] ?? {})
    await p.press('apply.goOn')
  }
  await p.look(`${what}, check`)
  await p.press('apply.check.send')
  await p.expect('/apply/sent').look(`${what}, sent`)
}

// A relative cannot ask for a veto, and states a wish.
export async function wishes (walk) {
  const p = await walk.person('a sister', 'public', narrow)
  await p.go('/apply')
  await p.press('apply.start.begin')
  await p.press('apply.code.first')
  await answer(p, 'purpose', { purpose: 'veto' })
  await p.expect('/apply/about').press('apply.goOn')
  await answer(p, 'who', { who: 'relative' })
  await p.expect('/apply/family').look('a veto is not hers to ask for')
  await p.go('/apply/code')
  await p.press('apply.code.stop')
  await sends(p, 'a wish', { purpose: { purpose: 'wish' }, who: { who: 'relative' }, relation: { relation: 'His sister.' }, when: { when: 'pre' }, where: { where: 'england' }, wish: { wish: 'contact' },
    name: { name: 'Hester Orme' }, reach: { reach: ['phone'], phone: '01632 960124' }, address: { address: '2 Mill Row' } })
}

export const applies = [ways, asks]
