// Takes the pictures of the README: a worker's desk, and a letter as a family
// reads it, both of the made-up people of the demo.
import path from 'node:path'
import { writeFile } from 'node:fs/promises'
import { brief, failed, known, say, Walk } from './browser.mjs'

const size = { width: 900, height: 720 }

async function desk (walk) {
  const owen = await walk.person('Owen', 'staff', size)
  await owen.enter(known('owen'))
  await owen.expect('/desk')
  await owen.page.screenshot({ path: path.join(brief.pictures, 'desk.png') })
}

async function letter (walk) {
  const kelly = await walk.person('Kelly', 'public', size)
  await kelly.enter(known('kelly'))
  await kelly.press('family.letters.all')
  await kelly.press(kelly.main().getByRole('link', { name: /^From/ }))
  await kelly.reads(say('family.read.title'))
  await kelly.page.screenshot({ path: path.join(brief.pictures, 'letter.png') })
}

const walk = await Walk.begin()
try {
  await desk(walk)
  await letter(walk)
} catch (error) {
  walk.fault(error.stack)
  console.log(`pictures of where it stopped: ${await failed(walk)}`)
}
await writeFile(brief.report, JSON.stringify(await walk.end()))
for (const fault of walk.faults) console.log(`FAULT ${fault}`)
process.exit(walk.faults.length ? 1 : 0)
