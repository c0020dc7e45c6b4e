/* The queue of the phone pages: what was typed stays on the phone until the server has it, and is sent once.

How a page uses it:
  - its template extends phone/frame.html, which brings this module, its words and the line that says what is unsent;
  - each `<form method="post" action="…" data-queue data-label="what it is, for people">` is kept and sent by it. It has
    the hidden fields token, version and submission as without script. Set autocomplete="off", so that no browser fills
    it by itself;
  - its action answers by services/web/phone/sending.py: state saved, known, changed, refused, sign_in, token; `page` is
    where to look, `words` why it was refused. After saved and known the browser goes to `page` with ?saved=1; after
    changed and refused to `page`, where what was typed is put into the form of the same action again;
  - fields are found by their names; each tap or key that fires `input` or `change` keeps a draft of them. A script that
    changes fields fires `change` on the field (bubbling). When the queue has put values into a form it fires
    `queue-filled` on the form: draw it anew then. What the server has otherwise stands in a `.differs` behind its field;
  - `<a data-keep href="…">` is a page that is to be there without network (of few, as it may have personal data);
  - on a page with data-when-sent="reload" at the frame's line (block when_sent) it is loaded anew after something was sent.
  - a button with a formaction of its own is not kept: it saves nothing.
Without script everything works as plain forms. */
import "./sending.js"

const place = document.getElementById("queue")
const { root, person } = place.dataset
const words = JSON.parse(place.dataset.words)
const kept = globalThis.prewarnSending(root)
const forms = [...document.querySelectorAll("form[data-queue]")]
const OURS = new Set(["token", "version", "submission", "elapsed"])
const AGAIN = [3_000, 5_000, 10_000, 30_000] // milliseconds until it is tried again
const BUSY = 2_000 // the same, while another tab sends
const workers = navigator.serviceWorker
const isKeptAlready = Boolean(workers?.controller) // the service worker has seen this page come
const page = document.documentElement.dataset
let isSending = false, isAgain = false, isLeaving = false, ended = "done", failures = 0, timer = 0, hasSent = false, problem = ""
const notices = new Map() // form → what is said of what was put into it
const scripts = new Promise(loaded => addEventListener("DOMContentLoaded", loaded)) // once all modules of the page have run

const say = (name, filled = {}) => Object.entries(filled).reduce((text, [key, value]) => text.replace(`{${key}}`, value), words[name])
const actionOf = form => new URL(form.action).pathname
const fieldsOf = (form, submitter) => {
  const own = submitter?.name ? [[submitter.name, submitter.value]] : []
  return [...new FormData(form), ...own].filter(([name, value]) => typeof value === "string" && !OURS.has(name))
}
const controls = form => [...form.elements].filter(one => one.name && !OURS.has(one.name) && one.type !== "submit")
const asServed = one => one.options ? ([...one.options].find(option => option.defaultSelected) ?? one.options[0]) : null
const isTouched = one => {
  if (one.options) return one.value !== asServed(one)?.value
  return one.type === "checkbox" || one.type === "radio" ? one.checked !== one.defaultChecked : one.value !== one.defaultValue
}
const touched = form => [...new Set(controls(form).filter(isTouched).map(one => one.name))]
const version = form => form.elements.version?.value ?? ""

function newId() {
  if (crypto.randomUUID) return crypto.randomUUID() // not without https
  return [...crypto.getRandomValues(new Uint8Array(16))].map(one => one.toString(16).padStart(2, "0")).join("")
}

/* Puts values into a form; false if some of them have no place there any more. */
function fill(form, fields, names) {
  let isWhole = true
  for (const name of names) {
    if (OURS.has(name)) continue // of the page as it is now
    const values = fields.filter(one => one[0] === name).map(one => one[1])
    const found = controls(form).filter(one => one.name === name)
    isWhole &&= found.length > 0
    found.forEach((one, n) => {
      if (one.type === "checkbox" || one.type === "radio") one.checked = values.includes(one.value)
      else if (n < values.length && (!one.options || [...one.options].some(option => option.value === values[n]))) one.value = values[n]
    })
  }
  return isWhole
}

/* Says behind each field what the server has, where that is another thing. */
function mark(form) {
  form.querySelectorAll(".differs").forEach(one => one.remove())
  for (const one of controls(form)) {
    if (!isTouched(one) || one.type === "checkbox" || one.type === "radio") continue
    const said = document.createElement("span")
    said.className = "differs"
    said.textContent = say("now", { what: one.options ? asServed(one).text : one.defaultValue || "–" })
    one.after(said)
  }
}

/* What was typed before on this phone, and is not saved, comes back. */
async function comeBack(form) {
  const action = actionOf(form)
  const mine = (await kept.all()).filter(one => one.person === person && one.action === action)
  const draft = await kept.draftOf(person, action)
  const waits = mine[mine.length - 1]
  if (!waits && !draft) return
  let isWhole = true
  if (waits) isWhole = fill(form, waits.fields, waits.state === "waiting" ? waits.touched : [...new Set(waits.fields.map(one => one[0]).filter(one => !OURS.has(one)))])
  if (draft) isWhole = fill(form, draft.fields, draft.touched) && isWhole
  const isOther = (draft ?? waits).version !== version(form) || waits?.state === "changed"
  if (touched(form).length === 0 && waits?.state !== "refused") { // it says what the server has
    if (waits?.state === "changed") await kept.drop(waits.n)
    await kept.dropDraft(person, action)
    return
  }
  if (isOther) mark(form)
  const name = draft || waits.state !== "waiting" ? (isOther ? "back_changed" : "back") : "back_waits"
  notices.set(form, { text: say(name) + (isWhole ? "" : ` ${say("back_gone")}`), waits })
  await scripts // who listens may still be on the way
  form.dispatchEvent(new CustomEvent("queue-filled", { bubbles: true }))
}

async function discard(action, waits) {
  if (!confirm(say("discard_sure"))) return
  await kept.dropDraft(person, action)
  if (waits) await kept.drop(waits.n)
  location.reload()
}

function typed(event) {
  const form = event.target.closest?.("form[data-queue]")
  if (!form) return
  const names = touched(form), action = actionOf(form)
  const done = names.length
    ? kept.keepDraft({ person, action, fields: fieldsOf(form), touched: names, version: version(form) })
    : kept.dropDraft(person, action)
  done.catch(() => { problem = say("no_place") }).then(draw)
}

async function submitted(event) {
  const form = event.target
  if (!form.matches("form[data-queue]") || event.defaultPrevented || event.submitter?.hasAttribute("formaction")) return
  event.preventDefault()
  if (form.inert) return
  const submitter = event.submitter
  const fields = [...fieldsOf(form, submitter), ["version", version(form)]]
  const action = actionOf(form), label = form.dataset.label ?? document.title
  form.inert = true // nothing is changed while it goes out; without an answer soon, it may be again
  setTimeout(() => { form.inert = false }, 3_000)
  try {
    await kept.keep({ submission: newId(), person, action, label, fields, touched: touched(form), version: version(form) })
  } catch { // private windows, full phones: as without script
    form.elements.submission.value = newId()
    if (submitter?.name) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: submitter.name, value: submitter.value }))
    HTMLFormElement.prototype.submit.call(form)
    return
  }
  notices.delete(form)
  askForSync()
  await send()
  form.inert = false
}

function leaveFor(to) {
  isLeaving = true
  location.replace(to)
}

/* What became of a form that was sent here, or in another tab, or by the service worker. */
function settled({ action, page: goal, state }) {
  if (state === "saved") hasSent = true
  if (!forms.some(form => actionOf(form) === action)) return
  const to = new URL(goal || location.href, location.href)
  if (state === "saved") to.searchParams.set("saved", "1")
  else to.searchParams.delete("saved")
  leaveFor(to)
}

async function send() {
  if (isSending) {
    isAgain = true
    return
  }
  isSending = true
  draw()
  do {
    isAgain = false
    try {
      ended = await kept.send(one => settled({ action: one.form.action, page: one.page, state: one.state }))
    } catch {
      ended = "later"
    }
  } while (isAgain)
  isSending = false
  failures = ended === "later" ? failures + 1 : 0
  clearTimeout(timer)
  if (ended === "busy") timer = setTimeout(send, BUSY)
  else if (ended !== "done") timer = setTimeout(send, AGAIN[Math.min(failures, AGAIN.length) - 1] ?? AGAIN[3])
  if (hasSent && place.dataset.whenSent === "reload") await isStale()
  await draw()
}

const part = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more })
const press = (text, act) => part("button", text, { type: "button", className: "plain", onclick: act })

/* The line that says what is unsent, and what waits for a decision. */
async function draw() {
  let all = [], drafts = [], saved = null
  try {
    all = await kept.all()
    drafts = (await kept.drafts()).filter(one => one.person === person)
    saved = await kept.fact("saved")
  } catch {
    problem ||= say("no_place")
  }
  const mine = all.filter(one => one.person === person)
  const waiting = mine.filter(one => one.state === "waiting").length
  const lines = []
  if (page.kept) {
    const at = new Date(Number(page.kept))
    const when = at.toLocaleString(document.documentElement.lang, { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false })
    lines.push([part("span", say("kept", { at: when }))])
  }
  if (isSending && waiting) lines.push([part("span", say("sending", { n: waiting }))])
  else if (waiting) {
    const line = [part("span", say("unsent", { n: waiting }))]
    if (ended === "sign_in" || ended === "other") {
      const next = encodeURIComponent(location.pathname.slice(root.length))
      line.push(part("a", say("sign_in"), { href: `${root}/sign-in?next=${next}` }))
    } else line.push(press(say("send"), send))
    lines.push(line)
    if (!workers) lines.push([part("span", say("open"))])
  } else if (drafts.length) {
    if (!forms.length) lines.push([part("span", say("drafts", { n: drafts.length }))])
  } else if (mine.length || document.querySelector("main .error[role=alert]")) { // below, or on the page, stands why not
  } else if (saved && saved.person === person && saved.at) lines.push([part("span", say("saved", { at: saved.at }))])
  for (const one of mine.filter(each => each.state !== "waiting")) {
    const here = forms.some(form => actionOf(form) === one.action)
    if (here && one.state === "changed" && notices.size) continue // the notice says so
    const text = one.state === "changed" ? say("changed", { what: one.label }) : say("refused", { what: one.label, why: one.words || say("refused_unknown") })
    const line = [part("span", text)]
    if (!here) line.push(part("a", say("decide"), { href: one.page || one.action }))
    if (!here || !notices.size) line.push(press(say("discard"), () => discard(one.action, one)))
    lines.push(line)
  }
  for (const [form, { text, waits }] of notices) lines.push([part("span", text), press(say("discard"), () => discard(actionOf(form), waits))])
  if (all.length > mine.length) lines.push([part("span", say("others", { n: all.length - mine.length }))])
  if (problem) lines.push([part("span", problem)])
  place.replaceChildren(...lines.map(line => { const row = part("p", ""); row.append(...line); return row }))
  place.dataset.state = isSending ? "sending" : waiting ? "unsent" : mine.length || notices.size ? "decide" : page.kept || problem ? "unsent" : "done"
  place.hidden = lines.length === 0
}

/* When something that this page shows was last saved from this phone, by whatever tab or the service worker. */
async function lastSaved() {
  const of = (await kept.fact("saved"))?.of ?? {}
  const shows = action => place.dataset.whenSent === "reload" || forms.some(form => actionOf(form) === action)
  return Math.max(0, ...Object.entries(of).filter(([action]) => shows(action)).map(([, when]) => when))
}

/* Loads the page anew if it was made before that; once, whatever the clock says. */
async function isStale() {
  const when = await lastSaved()
  if (when < (page.kept ?? performance.timeOrigin) || sessionStorage.getItem("prewarn.seen") === String(when)) return
  sessionStorage.setItem("prewarn.seen", String(when))
  const to = new URL(location.href)
  if (forms.length) to.searchParams.set("saved", "1")
  leaveFor(to)
}

/* The network was slow, so the kept page was shown; now there is a new one. */
async function refresh(address) {
  const isOld = page.kept && (Date.now() - page.kept > 60_000 || page.kept < await lastSaved())
  if (isOld && !isLeaving && new URL(address).pathname === location.pathname) location.reload()
}

/* There may be a network again: the kept page gives way to a new one once the server is there, and not before, since
   loading it again in vain takes away what is being done on it. */
async function cameOnline() {
  await send()
  for (const pause of page.kept ? AGAIN : []) {
    if (await kept.answers()) return isLeaving || location.reload()
    await new Promise(done => setTimeout(done, pause))
  }
}

function askForSync() {
  workers?.ready.then(ready => ready.sync?.register("prewarn")).catch(() => {})
}

async function keepPages() {
  if (!workers) return
  try {
    await workers.register(`${root}/sw.js`, { scope: `${root}/`, updateViaCache: "none" })
    const ready = await workers.ready
    const links = page.kept ? [] : [...document.querySelectorAll("a[data-keep]")].map(one => one.href)
    ready.active?.postMessage({ keep: isKeptAlready || page.kept ? links : [location.href, ...links] })
  } catch {
    // a browser that lets no page be kept: the queue works while this one is open
  }
}

document.addEventListener("input", typed)
document.addEventListener("change", typed)
document.addEventListener("submit", submitted)
addEventListener("online", cameOnline)
addEventListener("pageshow", event => { if (event.persisted) location.reload() }) // it may be saved since: drafts come back
document.addEventListener("visibilitychange", () => { if (!document.hidden) send() })
kept.news?.addEventListener("message", ({ data }) => {
  if (data.saved) settled({ action: data.saved, page: data.page, state: "saved" })
  if (data.fresh) refresh(data.fresh)
  else if (!data.saved || place.dataset.whenSent !== "reload") draw()
  else isStale()
})
Promise.all(forms.map(comeBack)).catch(() => { problem = say("no_place") }).then(send).then(isStale)
keepPages()
