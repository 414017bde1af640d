// A form with data-upload sends its file with its progress shown, and can be
// stopped. Without a file, without this script, or in a browser that cannot, it is
// the ordinary form; what the server says is the same.
//
// A form with data-keep keeps its file whatever the answer is, and its page with it: a
// voice is not to be spoken twice. It is told that by the event "kept".
const shown = [409, 413, 422, 503] // pages about this form; all else is looked at by its address

export function uploads (within, start) {
  for (const form of within.querySelectorAll('form[data-upload]')) {
    const file = form.querySelector('input[type=file]')
    const submit = form.querySelector('button[type=submit]')
    const words = submit.textContent
    file.addEventListener('change', () => { submit.textContent = words }) // it is another file
    form.addEventListener('submit', event => {
      if (!window.FormData || !file || !file.files || file.files.length === 0) {
        return
      }
      event.preventDefault()
      send(form, file, submit, start)
    })
  }
}

function send (form, file, submit, start) {
  const part = form.querySelector('[data-upload-shown]')
  const bar = part.querySelector('progress')
  const text = part.querySelector('p')
  const stop = part.querySelector('button')
  const said = form.querySelector('[data-upload-said]')
  const buttons = form.querySelectorAll('button')
  const request = new window.XMLHttpRequest()
  const content = new window.FormData(form)
  let quarter = 0

  const tell = percent => {
    bar.value = percent
    text.textContent = part.dataset.percent.replace('000', percent)
    // Whoever listens hears of each quarter, and not of each percent.
    if (Math.floor(percent / 25) > quarter) {
      quarter = Math.floor(percent / 25)
      said.textContent = quarter < 4 ? text.textContent : ''
    }
  }
  const here = () => {
    bar.removeAttribute('value')
    text.textContent = said.textContent = part.dataset.here
    stop.hidden = true // it is ours to finish now
  }
  const wait = waits => {
    file.disabled = waits
    for (const one of buttons) one.disabled = waits && one !== stop
  }
  const stopped = () => request.abort()
  const over = words => {
    part.hidden = true
    stop.removeEventListener('click', stopped)
    wait(false)
    said.textContent = words
    if (!form.dataset.keep) {
      file.focus()
      return
    }
    submit.textContent = form.dataset.keep
    submit.focus()
    form.dispatchEvent(new window.CustomEvent('kept'))
  }

  request.upload.addEventListener('progress', event => {
    if (event.lengthComputable) {
      tell(Math.floor(100 * event.loaded / event.total))
    }
  })
  request.upload.addEventListener('load', here)
  request.addEventListener('error', () => over(part.dataset.failed))
  request.addEventListener('abort', () => over(part.dataset.stopped))
  request.addEventListener('load', () => {
    if (form.dataset.keep && request.status !== 200) {
      over(request.status === 401 ? form.dataset.out : wordsOf(request) || part.dataset.failed)
      return
    }
    const main = shown.includes(request.status) && request.response && request.response.querySelector('main')
    if (!main) {
      window.location.assign(request.status === 200 ? request.responseURL : window.location.pathname)
      return
    }
    document.title = request.response.title
    document.querySelector('main').replaceWith(document.adoptNode(main))
    start(main)
  })

  wait(true)
  stop.hidden = false
  part.hidden = false
  said.textContent = ''
  tell(0)
  stop.addEventListener('click', stopped)
  request.open('POST', form.action)
  request.responseType = 'document'
  request.send(content)
  stop.focus()
}

// wordsOf is what the page of an answer says is wrong with this form; '' for any other.
function wordsOf (request) {
  const page = shown.includes(request.status) && request.response
  const words = page && (page.querySelector('main .govuk-error-summary__list') || page.querySelector('main p'))
  return words ? words.textContent.trim() : ''
}
