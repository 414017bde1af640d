// Where Chromium is on this machine.
import { access } from 'node:fs/promises'

const shell = '/usr/bin/chromium-headless-shell'
const whole = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** executable is the path of the browser: what CHROMIUM names, else the first that is installed. The shell shows no window, does the same
 * work in half the time, and never shows a page that was kept whole when somebody goes back: who asks for one that keeps gets Chromium itself. */
export async function executable ({ keeps = false } = {}) {
  for (const path of process.env.CHROMIUM ? [process.env.CHROMIUM] : keeps ? whole : [shell, ...whole]) {
    try {
      await access(path)
      return path
    } catch { /* the next one */ }
  }
  throw new Error('Chromium is not here: run scripts/install chromium, or name it in CHROMIUM')
}
