// Builds the page assets: npm run build. Files of dist are written one by one
// and the folder stays, because it is embedded by Go and its .gitkeep is
// committed.
import { copyFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'
import * as sass from 'sass'

const here = path.dirname(fileURLToPath(import.meta.url))
const root = path.resolve(here, '../..')
const dist = path.join(here, 'dist')

const style = await sass.compileAsync(path.join(here, 'src/app.scss'), {
  loadPaths: [path.join(root, 'node_modules')],
  style: 'compressed',
  quietDeps: true
})
await writeFile(path.join(dist, 'app.css'), style.css)

// The floor is Chrome and WebView 80 and Safari 13; browsers without modules
// get the pages without scripts, which are complete.
await esbuild.build({
  entryPoints: [path.join(here, 'src/app.js')],
  outfile: path.join(dist, 'app.js'),
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  minify: true,
  target: ['chrome80', 'safari13'],
  // Safari 13 knows destructuring; esbuild counts it out for a rare fault of
  // nested patterns that govuk-frontend does not use.
  supported: { destructuring: true },
  legalComments: 'inline'
})

await copyFile(path.join(here, 'src/favicon.svg'), path.join(dist, 'favicon.svg'))
