// A demo of its own for the tests of this folder: the program as it is shipped,
// with a database, an agency and its people.
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const program = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../bin/gatepost')
const run = promisify(execFile)

export class Demo {
  #child
  #ended
  #dir
  #people
  #used = new Map() // codes that were given out, by person: each counts once

  // start waits until the families have moved in.
  static async start () {
    const demo = new Demo()
    demo.#dir = await mkdtemp(path.join(tmpdir(), 'gatepost-browser-'))
    demo.#child = spawn(program, ['demo', '--data', demo.#dir, '--public', '127.0.0.1:0', '--staff', '127.0.0.1:0'])
    demo.#ended = new Promise(resolve => demo.#child.once('close', resolve))
    const said = []
    const ready = new Promise((resolve, reject) => {
      const lines = createInterface({ input: demo.#child.stdout })
      lines.on('line', line => {
        said.push(line)
        const address = line.match(/^ +(Families|Workers) +(http:\S+)$/)
        if (address) demo[address[1] === 'Families' ? 'letters' : 'desk'] = address[2]
        if (line.startsWith('What to try first')) resolve()
      })
      createInterface({ input: demo.#child.stderr }).on('line', line => said.push(line))
      demo.#child.once('close', code => reject(new Error(`the demo ended with ${code}:\n${said.join('\n')}`)))
    })
    await ready
    demo.#people = JSON.parse(await readFile(path.join(demo.#dir, 'world.json'), 'utf8')).people
    return demo
  }

  async stop () {
    this.#child.kill('SIGTERM')
    const code = await this.#ended
    await rm(this.#dir, { recursive: true, force: true })
    if (code !== 0) throw new Error(`the demo ended with ${code}`)
  }

  // log is what the program wrote about requests.
  log () { return readFile(path.join(this.#dir, 'gatepost.log'), 'utf8') }

  person (key) {
    const found = this.#people.find(p => p.key === key)
    if (!found) throw new Error(`nobody is called ${key}`)
    return found
  }

  // code gives a person's one-time code, and waits for the next where the
  // current one was given out before.
  async code (key) {
    for (;;) {
      const { stdout } = await run(program, ['demo', 'code', key, '--data', this.#dir])
      const code = stdout.trim()
      if (this.#used.get(key) !== code) {
        this.#used.set(key, code)
        return code
      }
      await new Promise(resolve => setTimeout(resolve, 500))
    }
  }
}
