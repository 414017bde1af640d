// A voice is recorded on the page and put into the form's own file field: what sends
// it up is the form, with or without this.

/** recorder starts the recorder of a page, or of a part of one, in a browser that can record. It goes before what sends the form up. */
export function recorder (within) {
  const root = within.querySelector('[data-recorder]')
  if (!root || !window.MediaRecorder || !navigator.mediaDevices || !fillable()) return
  const part = name => root.querySelector('[data-' + name + ']')
  const [say, time, listen, start, stop, again, save] = ['say', 'time', 'listen', 'start', 'stop', 'again', 'save'].map(part)
  const form = root.closest('form')
  const input = form.elements.recording
  const most = Number(root.dataset.most) * 60 - 10 // a clock in the background is late

  // The field is for a recording that there is already; without this it opens the device's own recorder.
  input.removeAttribute('capture')
  root.hidden = false

  let media, stream, tick, said
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
    save.hidden = true
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
      said = new window.File([sound], 'recording', { type: sound.type })
      files.items.add(said)
      input.files = files.files
      input.dispatchEvent(new window.Event('change'))
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
  form.addEventListener('submit', event => {
    if (media && media.state === 'recording') {
      event.preventDefault()
      event.stopImmediatePropagation()
      whenDone = () => {
        whenDone = () => {}
        if (form.dispatchEvent(new window.Event('submit', { cancelable: true }))) form.submit()
      }
      media.stop()
    }
  })
  // What could not be sent can be taken along.
  form.addEventListener('kept', () => {
    if (!said || input.files[0] !== said) return
    save.querySelector('a').href = listen.src
    save.querySelector('a').download = 'recording' + (/mp4/.test(said.type) ? '.m4a' : /ogg/.test(said.type) ? '.ogg' : '.webm')
    save.hidden = false
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
