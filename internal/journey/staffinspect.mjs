// An inspector's visit: numbers, a case in times, roles and decisions, and the
// proof of it as a file.
import { readFile } from 'node:fs/promises'
import { say } from './browser.mjs'
import { worker } from './staff.mjs'

async function inspects (walk) {
  const p = await worker(walk, 'edith')
  await p.go('/desk')
  await p.expect('/inspection').reads(say('inspection.what'))
  await p.look('inspection')
  await p.press('inspection.case.link')
  await p.expect('/inspection/case').look('inspection of a case')
  await p.press('inspection.reference.look')
  await p.reads(say('inspection.reference.form'))
  await p.look('inspection without a reference')
  await p.fill({ reference: 'LB-00000' })
  await p.press('inspection.reference.look')
  if (p.last.status() !== 404) throw new Error(`a case that is not there answers ${p.last.status()}`)
  await p.look('inspection of no case')

  // The cases stand by references that were drawn by lot: the first one in which a letter was passed on will do.
  for (let i = 0; !(await p.text()).includes(say('inspection.stated.approved')); i++) {
    await p.go('/inspection')
    await p.press(p.page.locator('[data-list=cases]').getByRole('button').nth(i))
  }
  await p.expect('/inspection/case').reads(say('inspection.stated.read'))
  await p.readsNot('Marsh', 'Whitcombe', 'Pritchard', 'Tully', 'Ashdown', 'Lindley')
  await p.look('a case in the log')
  // The keeper signs within half a minute; the world of a journey may have none.
  const covered = await p.page.locator('[data-root]').count()
  if (covered) {
    const [file] = await Promise.all([p.page.waitForEvent('download'), p.by(say('inspection.proof.take')).click()])
    if (!(await readFile(await file.path(), 'utf8')).startsWith('c2sp.org/tlog-proof@v1\n')) throw new Error('what comes is no proof')
  } else {
    await p.press('inspection.proof.take')
    await p.reads(say('inspection.proof.none'))
  }
  // Nothing else is an inspector's.
  for (const path of ['/exchanges', '/search', '/messages', '/safeguarding', '/people', '/workers']) {
    await p.go(path)
    if (p.last.status() !== 403) throw new Error(`an inspector gets ${p.last.status()} for ${path}`)
  }
}

export const inspection = [inspects]
