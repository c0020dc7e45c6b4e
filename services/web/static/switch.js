/* The switch of the language keeps what was typed and is not sent yet.

A page that answers a form is that form, sent again with what was typed since; it does nothing (services/shown_again.py).
Of all other forms, and of a page that was reached by a link, this tab keeps what was typed until the page is there in the
other language, and puts it into the same form again: never a password or a picture, never what the server has hidden.
What the phone keeps (data-queue) comes back by itself. Without script the switch is a link, or that form, alone. */
const link = document.getElementById("switch")
const isForm = link.tagName === "FORM"
const to = new URL(isForm ? link.action : link.href).pathname
const NAME = "prewarn-switch"
const OURS = new Set(["token", "version", "seen", "submission", "elapsed"])
const forms = () => [...document.querySelectorAll("main form")]
const fields = form => [...form.elements].filter(one => one.name && one.matches("input:not([type=hidden], [type=file], [type=password]), select, textarea"))
const isBox = field => /^(checkbox|radio)$/.test(field.type)
const isChanged = field => field.tagName === "SELECT"
  ? [...field.options].some(one => one.selected !== one.defaultSelected)
  : isBox(field) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue

/* --- the form that the page answers --- */

const said = name => link.querySelector(`[name="${CSS.escape(name)}"]`)?.value
const goals = one => [one, ...one.querySelectorAll("[formaction]")].map(each => each.getAttribute("formaction") ?? each.getAttribute("action") ?? "")
const isSentThere = one => goals(one).some(goal => new URL(goal, location.href).pathname === to)
const isAboutTheSame = one => hidden(one).every(field => OURS.has(field.name) || said(field.name) === field.value)
const hidden = one => [...one.querySelectorAll("input[type=hidden][name]")]

function resend(typed) {
  const changed = new Set(fields(typed).filter(isChanged).map(one => one.name))
  for (const field of link.querySelectorAll("input")) if (changed.has(field.name)) field.remove()
  for (const [name, value] of new FormData(typed)) {
    if (changed.has(name)) link.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }))
  }
}

/* --- all others --- */

/* What a form is, in each language: where it goes, what it is about, and which of several alike. */
function named(all) {
  const known = new Map()
  return all.map(one => {
    const about = hidden(one).filter(field => !OURS.has(field.name)).map(field => [field.name, field.value])
    const name = JSON.stringify([one.getAttribute("action"), about])
    known.set(name, (known.get(name) ?? 0) + 1)
    return [`${name}${known.get(name)}`, one]
  })
}

const value = field => field.tagName === "SELECT" ? [...field.selectedOptions].map(one => one.value) : isBox(field) ? field.checked : field.value
const nth = (field, all) => isBox(field) ? field.value : all.filter(one => one.name === field.name).indexOf(field)

function keep(answered) {
  const typed = named(forms()).filter(([, form]) => form !== answered && !form.matches("[data-queue]")).flatMap(([name, form]) => {
    const all = fields(form)
    return all.filter(isChanged).map(one => [name, one.name, nth(one, all), value(one)])
  })
  try {
    if (typed.length) sessionStorage.setItem(NAME, JSON.stringify({ to, typed }))
  } catch { /* no place for it here */ }
}

function put(field, typed) {
  if (field.tagName === "SELECT") for (const one of field.options) one.selected = typed.includes(one.value)
  else if (isBox(field)) field.checked = typed
  else field.value = typed
  for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true
  for (const event of ["input", "change"]) field.dispatchEvent(new Event(event, { bubbles: true }))
}

function comeBack() {
  let kept = null
  try {
    kept = JSON.parse(sessionStorage.getItem(NAME))
    sessionStorage.removeItem(NAME) // for this page alone, and once
  } catch { /* none can be there */ }
  if (kept?.to !== location.pathname) return
  const there = new Map(named(forms()))
  for (const [form, name, n, typed] of kept.typed) {
    const all = there.has(form) ? fields(there.get(form)) : []
    const field = all.find(one => one.name === name && nth(one, all) === n)
    if (field) put(field, typed)
  }
}

const isHere = event => event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey
if (isForm) link.addEventListener("submit", () => {
  const answered = forms().find(one => isSentThere(one) && isAboutTheSame(one))
  if (answered) resend(answered)
  keep(answered)
})
else link.addEventListener("click", event => { if (isHere(event)) keep(null) })
addEventListener("DOMContentLoaded", comeBack) // once the page's own scripts have run
