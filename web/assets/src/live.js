// A page that carries data-live loads itself again when the server says that
// something changed: at most once a second, never while somebody has typed
// something, and never for a chair that nobody sits on, since each load keeps
// the session alive. The line itself says only "reload".
const apart = 1000
const away = 10 * 60 * 1000
const firstWait = 2000
const lastWait = 60000
const sessionOver = 1008
const seenKey = 'gatepost-seen'

export function live () {
  const marked = document.querySelector('[data-live]')
  if (!marked || !window.WebSocket) {
    return
  }
  // What changed after the page was read and before its line is open is told at once.
  const since = '?since=' + encodeURIComponent(marked.getAttribute('data-live'))
  const born = Date.now()
  let seen = lastSeen(born)
  let wanted = false
  let leaving = false
  let wait = firstWait

  const look = () => {
    const left = born + apart - Date.now()
    if (!wanted || leaving || typed() || Date.now() - seen > away) {
      return
    }
    if (left > 0) {
      setTimeout(look, left)
      return
    }
    leaving = true
    window.location.reload()
  }
  const somebody = () => {
    seen = Date.now()
    keepSeen(seen)
    if (wanted) {
      // What was pressed is done first.
      setTimeout(look, apart)
    }
  }
  for (const name of ['pointerdown', 'keydown', 'touchstart', 'wheel']) {
    document.addEventListener(name, somebody, { passive: true })
  }
  document.addEventListener('submit', () => { leaving = true })
  // A page that comes back by the back button is as it was left.
  window.addEventListener('pageshow', () => { leaving = false })

  const open = again => {
    const line = new WebSocket(window.location.origin.replace(/^http/, 'ws') + '/live' + since)
    line.addEventListener('open', () => {
      wait = firstWait
      if (again) {
        // Something may have been missed.
        wanted = true
        look()
      }
    })
    line.addEventListener('message', () => {
      wanted = true
      look()
    })
    line.addEventListener('close', event => {
      if (event.code === sessionOver) {
        return
      }
      setTimeout(() => open(true), wait / 2 + Math.random() * wait / 2)
      wait = Math.min(wait * 2, lastWait)
    })
  }
  open(false)
}

// typed tells whether a form on the page holds anything that it did not come with.
function typed () {
  return Array.from(document.querySelectorAll('form input, form textarea, form select')).some(field => {
    switch (field.type) {
      case 'hidden':
      case 'submit':
        return false
      case 'checkbox':
      case 'radio':
        return field.checked !== field.defaultChecked
      case 'select-one':
        return Array.from(field.options).some(option => option.selected !== option.defaultSelected && option.selected)
    }
    return field.value !== field.defaultValue
  })
}

// When somebody was last there is kept over a load, for this tab only.
function lastSeen (otherwise) {
  try {
    return Number(window.sessionStorage.getItem(seenKey)) || otherwise
  } catch (e) {
    return otherwise
  }
}

function keepSeen (at) {
  try {
    window.sessionStorage.setItem(seenKey, String(at))
  } catch (e) {
    // A browser without storage forgets it at the next load.
  }
}
