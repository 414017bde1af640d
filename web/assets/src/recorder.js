// A voice is recorded on the page and put into the form's own file field: what sends
// it up is the form, with or without this.

/** recorder starts the recorder of the page that has one, in a browser that can record. */
export function recorder () {
  const root = document.querySelector('[data-recorder]')
  if (!root || !window.MediaRecorder || !navigator.mediaDevices || !fillable()) return
  const part = name => root.querySelector('[data-' + name + ']')
  const [say, time, listen, start, stop, again] = ['say', 'time', 'listen', 'start', 'stop', 'again'].map(part)
  const input = root.closest('form').elements.recording
  const most = Number(root.dataset.most) * 60 - 10 // a clock in the background is late

  // The field is for a recording that there is already; without this it opens the device's own recorder.
  input.removeAttribute('capture')
  root.hidden = false

  let media, stream, tick
  let whenDone = () => {}
  const show = (...shown) => {
    for (const one of [time, listen, start, stop, again]) one.hidden = !shown.includes(one)
  }
  const quiet = () => {
    clearInterval(tick)
    if (stream) stream.getTracks().forEach(track => track.stop())
  }

  async function record () {
    start.disabled = again.disabled = true // a second press would leave a microphone on
    listen.removeAttribute('src')
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true })
      media = new window.MediaRecorder(stream)
    } catch (e) {
      quiet()
      say.textContent = root.dataset.denied
      return
    } finally {
      start.disabled = again.disabled = false
    }
    const pieces = []
    media.addEventListener('dataavailable', e => pieces.push(e.data))
    media.addEventListener('stop', () => {
      quiet()
      const sound = new window.Blob(pieces, { type: media.mimeType })
      const files = new window.DataTransfer()
      files.items.add(new window.File([sound], 'recording', { type: sound.type }))
      input.files = files.files
      listen.src = URL.createObjectURL(sound)
      say.textContent = root.dataset.done + ' ' + time.textContent
      show(time, listen, again)
      again.focus()
      whenDone()
    })
    const begun = Date.now()
    const count = () => {
      const seconds = Math.round((Date.now() - begun) / 1000)
      time.firstElementChild.textContent = Math.floor(seconds / 60) + ':' + String(seconds % 60).padStart(2, '0')
      if (seconds >= most) media.stop()
    }
    count()
    tick = setInterval(count, 500)
    media.start()
    say.textContent = root.dataset.now
    show(time, stop)
    stop.focus()
  }

  start.addEventListener('click', record)
  again.addEventListener('click', record)
  stop.addEventListener('click', () => media.stop())
  // Who presses the form's button while they speak has said it all: it is sent once it is whole.
  const form = root.closest('form')
  form.addEventListener('submit', event => {
    if (media && media.state === 'recording') {
      event.preventDefault()
      whenDone = () => form.submit()
      media.stop()
    }
  })
}

// fillable tells whether this browser lets a page fill a file field.
function fillable () {
  try {
    return Boolean(new window.DataTransfer().items)
  } catch (e) {
    return false
  }
}
