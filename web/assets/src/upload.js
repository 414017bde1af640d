// A form with data-upload sends its file with its progress shown, and can be
// stopped. Without a file, without this script, or in a browser that cannot, it is
// the ordinary form; what the server says is the same.
const shown = [409, 413, 422, 503] // pages about this form; all else is looked at by its address

export function uploads (within, start) {
  for (const form of within.querySelectorAll('form[data-upload]')) {
    form.addEventListener('submit', event => {
      const file = form.querySelector('input[type=file]')
      if (!window.FormData || !file || !file.files || file.files.length === 0) {
        return
      }
      event.preventDefault()
      send(form, file, start)
    })
  }
}

function send (form, file, start) {
  const part = form.querySelector('[data-upload-shown]')
  const bar = part.querySelector('progress')
  const text = part.querySelector('p')
  const stop = part.querySelector('button')
  const said = form.querySelector('[data-upload-said]')
  const submit = form.querySelector('button[type=submit]')
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
  const over = words => {
    part.hidden = true
    submit.disabled = file.disabled = false
    said.textContent = words
    file.focus()
  }
  const stopped = () => request.abort()

  request.upload.addEventListener('progress', event => {
    if (event.lengthComputable) {
      tell(Math.floor(100 * event.loaded / event.total))
    }
  })
  request.upload.addEventListener('load', here)
  request.addEventListener('error', () => over(part.dataset.failed))
  request.addEventListener('abort', () => {
    stop.removeEventListener('click', stopped)
    over(part.dataset.stopped)
  })
  request.addEventListener('load', () => {
    const main = shown.includes(request.status) && request.response && request.response.querySelector('main')
    if (!main) {
      window.location.assign(request.status === 200 ? request.responseURL : window.location.pathname)
      return
    }
    document.title = request.response.title
    document.querySelector('main').replaceWith(document.adoptNode(main))
    start(main)
  })

  submit.disabled = file.disabled = true
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
