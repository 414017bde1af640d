// What goes wrong, as pages: each says in one sentence what to do.
import { known, say, world } from './browser.mjs'

/** refusals makes every mistake that a browser can make. */
export async function refusals (walk, begun) {
  const p = begun.amy
  const status = async (want, what) => {
    if (p.last.status() !== want) throw new Error(`${what} answers ${p.last.status()}, not ${want}`)
    await p.look(what)
  }
  await p.enter(begun.amyLogin)
  await p.go('/nothing-here')
  await status(404, 'not found')
  await p.go('/letter/dlaaaaaaaaaaaaaaaaaaaa')
  await status(404, 'not theirs')
  await p.go('/sign-out')
  await status(405, 'cannot be done here')
  await p.go('/letters?said=%ff')
  await status(400, 'unreadable')

  const box = async text => {
    await p.go('/letters')
    await p.press('family.letters.write')
    await p.fill({ text })
  }
  await box('x'.repeat(1_000_000))
  await p.press('family.write.save')
  await status(413, 'too long')
  await box('x'.repeat(70_000))
  await p.press('family.write.save')
  await status(422, 'a little too long')
  await box('As plain text')
  await p.page.locator('textarea').evaluate(e => { e.form.enctype = 'text/plain' })
  await p.press('family.write.save')
  await status(415, 'another kind of form')
  await box('Words that must not be lost')
  await p.page.locator('textarea').evaluate(e => { e.form.elements['form-token'].value = 'of-another-day' })
  await p.press('family.write.save')
  await p.reads('Words that must not be lost')
  await status(403, 'open too long')

  await world.break()
  await p.go('/letters')
  await status(500, 'our mistake')
  await world.mend()

  await world.busy()
  const stranger = await walk.person('somebody', 'public')
  await stranger.go('/sign-in')
  await stranger.signIn(known('kelly'))
  if (stranger.last.status() !== 503) throw new Error(`a full house answers ${stranger.last.status()}`)
  await stranger.look('sign-in busy')
  await world.calm()
  await stranger.go('/leave')
  await stranger.page.getByRole('heading', { name: 'Weather' }).waitFor()

  const owen = await begun.owen.enter(known('owen'))
  await owen.go('/worker/new')
  if (owen.last.status() !== 403) throw new Error(`a worker who is no manager gets ${owen.last.status()}`)
  await owen.look('not for you')
  await owen.go('/exchange/exaaaaaaaaaaaaaaaaaaaa')
  await owen.look('no such exchange')
  await owen.go('/sign-out')
  await owen.look('worker cannot be done here')
}

/** stills visits the pages that only tell something, as a stranger and signed in. */
export async function stills (walk) {
  for (const tier of ['public', 'staff']) {
    const p = await walk.person(`a stranger to ${tier}`, tier)
    for (const name of ['help', 'cookies', 'accessibility', ...tier === 'public' ? ['safety'] : []]) {
      await p.go(`/${name}`)
      await p.look(name)
      if (!(await p.text()).includes(say(`static.${name}.title`))) throw new Error(`${name} has no title`)
    }
    await p.go('/nothing-here')
    await p.look('not found, a stranger')
  }
}
