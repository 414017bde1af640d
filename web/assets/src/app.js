// The pages work without this file. It only makes some parts of them easier,
// and it starts those parts that the pages use, no others.
import {
  createAll,
  Button,
  CharacterCount,
  Checkboxes,
  ErrorSummary,
  ExitThisPage,
  NotificationBanner,
  PasswordInput,
  Radios,
  SkipLink
} from 'govuk-frontend'
import { failed } from './failed.js'
import { live } from './live.js'
import { recorder } from './recorder.js'
import { uploads } from './upload.js'

// govuk-frontend asks for these classes and puts them there with a script
// inside the page, which our content security policy does not allow.
document.body.classList.add('js-enabled', 'govuk-frontend-supported')

const start = within => {
  for (const component of [
    Button,
    CharacterCount,
    Checkboxes,
    ErrorSummary,
    ExitThisPage,
    NotificationBanner,
    PasswordInput,
    Radios,
    SkipLink
  ]) {
    createAll(component, undefined, within)
  }
  recorder(within)
  uploads(within, start)
}

start(document)
failed()
live()
