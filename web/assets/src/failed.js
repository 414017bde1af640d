// A picture or a sound that does not come is one sentence in its place. Without this
// file the browser says so in its own way.
export function failed () {
  for (const media of document.querySelectorAll('[data-may-fail]')) {
    const say = () => {
      media.hidden = true
      media.nextElementSibling.hidden = false
    }
    media.addEventListener('error', say)
    // It may have failed before this began: a picture is complete then and has no width.
    if (media.error || (media.complete && media.naturalWidth === 0)) say()
  }
}
