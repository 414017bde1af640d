// Takes the pictures of the README and of docs/, all of the made-up people of
// the demo: what workers and families see.
import path from 'node:path'
import { writeFile } from 'node:fs/promises'
import { brief, failed, known, say, Walk } from './browser.mjs'

const size = { width: 900, height: 720 }

/** come is somebody of the demo, signed in. */
async function come (walk, key, tier) {
  const p = await walk.person(key, tier, size)
  return p.enter(known(key))
}

const picture = (p, name) => p.page.screenshot({ path: path.join(brief.pictures, `${name}.png`) })

async function workers (walk) {
  const owen = await come(walk, 'owen', 'staff')
  await owen.expect('/desk')
  await picture(owen, 'desk')
  await owen.go('/desk?show=back')
  await owen.reads(say('desk.trayHint.back'))
  await picture(owen, 'desk-back')

  const ruth = await come(walk, 'ruth', 'staff')
  await ruth.go('/safeguarding')
  await ruth.press(ruth.page.locator('[data-referral]').getByRole('link').first())
  await ruth.reads(say('desk.referral.concern'))
  await picture(ruth, 'safeguarding')

  const judith = await come(walk, 'judith', 'staff')
  await judith.go('/workers')
  await judith.reads(say('manage.workers.title'))
  await picture(judith, 'workers')
}

async function families (walk) {
  const kelly = await come(walk, 'kelly', 'public')
  await kelly.go('/letters')
  await kelly.press('family.letters.all')
  await kelly.reads(say('family.side.happened'))
  await kelly.page.setViewportSize({ ...size, height: 1080 })
  await picture(kelly, 'timeline')
  await kelly.page.setViewportSize(size)
  await kelly.press(kelly.main().getByRole('link', { name: /was opened in your home/ }))
  if (!/\/read$/.test(kelly.path())) await kelly.press('family.cover.opened')
  await kelly.reads(say('family.read.title'))
  await picture(kelly, 'letter')
}

const walk = await Walk.begin()
try {
  await workers(walk)
  await families(walk)
} catch (error) {
  walk.fault(error.stack)
  console.log(`pictures of where it stopped: ${await failed(walk)}`)
}
await writeFile(brief.report, JSON.stringify(await walk.end()))
for (const fault of walk.faults) console.log(`FAULT ${fault}`)
process.exit(walk.faults.length ? 1 : 0)
