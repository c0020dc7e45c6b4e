/* The open page shows what has changed, within seconds. The server says only that something has (web/live.py); the page
fetches itself and replaces its parts marked `data-live` that are others now. What somebody is typing in stays, and a line
offers the change. Without any of it the page is as good as before.

Of all pages of a browser that can be seen one holds the stream and tells the others: a browser has six connections to a
host. A page that cannot be seen hears nothing, and catches up when it is seen again: a version is all that it compares. */
const bar = document.getElementById("live")
const offer = document.getElementById("live-offer")
const { root, person } = bar.dataset
const name = `prewarn-live:${root}:${person}`
const others = "BroadcastChannel" in window ? new BroadcastChannel(name) : null
const AGAIN = 1000 // milliseconds between two fetches
const SILENT = 50_000 // the server says something every 20 s: a connection that says nothing for so long is dead
const LATER = 60_000 // where the server has no room, or does not answer

let shown = bar.dataset.version // what the page was made of
let newest = shown
let said = "" // the newest that the stream of this page has brought
let running = false
let isWanted = false // also what somebody is typing in is to be replaced
let leave = null // gives the stream up, or the place in the queue for it

/* --- what is replaced --- */

const parts = of => [...of.querySelectorAll("[data-live]")]
const markup = part => part.outerHTML.replace(/(name="submission" value=")[^"]*/g, "$1") // another one each time
const original = new WeakMap(parts(document).map(part => [part, markup(part)])) // before anybody opened anything
const text = part => {
  const copy = part.cloneNode(true)
  copy.querySelectorAll("time").forEach(one => one.remove()) // "3 minutes ago" is no news
  return copy.textContent.replace(/\s+/g, " ")
}
const fields = part => [...part.querySelectorAll("input, textarea, select")].filter(one => one.type !== "hidden")
const isTyped = field => field.tagName === "SELECT"
  ? [...field.options].some(one => one.selected !== one.defaultSelected) && field.selectedIndex !== 0
  : isBox(field) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue
const isTypedIn = part => fields(part).some(one => isTyped(one) || one === document.activeElement)
const isBox = field => /^(checkbox|radio)$/.test(field.type)
const sign = one => [one.tagName, one.id, isBox(one) ? one.value.split(":")[0] : one.name, one.getAttribute("href")].join("|")
const twin = (one, within) => [...within.querySelectorAll(one.tagName)].find(other => sign(other) === sign(one))
const heading = details => details.querySelector("summary")?.textContent.trim()

function put(part, next) {
  const fresh = document.adoptNode(next)
  original.set(fresh, markup(fresh))
  const open = new Set([...part.querySelectorAll("details[open]")].map(heading))
  for (const one of fresh.querySelectorAll("details")) if (open.has(heading(one))) one.open = true
  const lost = []
  for (const one of fields(part).filter(isTyped)) {
    const same = twin(one, fresh)
    if (!same) lost.push(one)
    else if (isBox(one)) same.checked = one.checked
    else if (one.type === "file") same.files = one.files
    else same.value = one.value
  }
  const focused = part.contains(document.activeElement) ? twin(document.activeElement, fresh) : null
  part.replaceWith(fresh)
  for (const one of lost.filter(one => one.matches("textarea, input:not([type])"))) fresh.after(kept(one.value))
  focused?.focus({ preventScroll: true })
}

/* Of a form that is gone: the text that somebody had in it, to be copied. */
function kept(typed) {
  const label = document.createElement("label"), field = document.createElement("textarea")
  label.className = "kept"
  field.readOnly = true
  field.rows = 3
  field.textContent = typed
  label.append(bar.dataset.kept, field)
  return label
}

/* What is looked at stays where it is on the screen, whatever was put in above it. */
function still(change) {
  const seen = [...document.querySelectorAll("main a, main button, main summary, main h2")].map(one => [one, one.getBoundingClientRect().top])
  const looked = scrollY > 0 ? seen.filter(([, top]) => top >= 0 && top < innerHeight).map(([one, top]) => [sign(one) + one.textContent, top]) : []
  change()
  const now = new Map([...document.querySelectorAll("main a, main button, main summary, main h2")].map(one => [sign(one) + one.textContent, one]))
  const stays = looked.find(([one]) => now.has(one))
  if (stays) scrollBy({ top: now.get(stays[0]).getBoundingClientRect().top - stays[1], behavior: "instant" })
}

/* `all`: also what somebody is typing in, which is then typed in the new part. */
function replace(page, all) {
  let isNews = false, isHeld = false
  still(() => {
    for (const part of parts(document)) {
      const next = page.querySelector(`[data-live="${part.dataset.live}"]`)
      if (!next || markup(next) === original.get(part)) continue
      if (!all && isTypedIn(part)) {
        isHeld = true
        continue
      }
      isNews ||= text(part) !== text(next)
      put(part, next)
    }
  })
  if (page.title) document.title = page.title
  offer.hidden = !isHeld
  if (isNews || isHeld) announce(isHeld ? bar.dataset.held : bar.dataset.updated)
}

function announce(what) {
  bar.textContent = "" // the same words again are said again
  setTimeout(() => { bar.textContent = what }, 100)
}

/* --- when --- */

async function fetched() {
  try {
    const answer = await fetch(location.href, { headers: { "prewarn-by-itself": "1" }, cache: "no-store" })
    if (answer.status >= 500) return null
    if (!answer.ok || answer.redirected) return "gone" // it is not theirs any more, or nobody is signed in
    return new DOMParser().parseFromString(await answer.text(), "text/html")
  } catch {
    return null // no network
  }
}

async function catchUp() {
  if (running) return
  running = true
  try {
    while (newest !== shown || isWanted) {
      const goal = newest, all = isWanted
      const page = await fetched()
      if (page === null) return void setTimeout(catchUp, LATER / 12)
      if (page === "gone") offer.hidden = false
      else replace(page, all)
      shown = goal
      isWanted = isWanted && !all
      await new Promise(done => setTimeout(done, AGAIN))
    }
  } finally {
    running = false
  }
}

function heard(version) {
  newest = version
  catchUp()
}

function listen(signal) {
  return new Promise(done => {
    let source, timer
    const later = milliseconds => {
      clearTimeout(timer)
      timer = setTimeout(connect, milliseconds)
    }
    function connect() {
      source?.close()
      source = new EventSource(`${root}/live`)
      later(SILENT)
      source.onmessage = ({ data }) => {
        said = data
        others?.postMessage(data)
        heard(data)
        later(SILENT)
      }
      source.addEventListener("beat", () => later(SILENT))
      source.addEventListener("over", () => {
        source.close()
        clearTimeout(timer)
      })
      source.onerror = () => later(source.readyState === EventSource.CLOSED ? LATER * (1 + Math.random()) : SILENT)
    }
    connect()
    signal.addEventListener("abort", () => {
      source.close()
      clearTimeout(timer)
      said = ""
      done()
    })
  })
}

function come() {
  if (leave || !window.EventSource || document.visibilityState !== "visible") return
  const going = new AbortController()
  leave = () => {
    going.abort()
    leave = null
  }
  // Without https there are no locks; then each page that is seen has a stream of its own.
  if (navigator.locks) navigator.locks.request(name, { signal: going.signal }, () => listen(going.signal)).catch(() => {})
  else listen(going.signal)
  others?.postMessage("?")
}

if (others) others.onmessage = ({ data }) => {
  if (data !== "?") heard(data)
  else if (said) others.postMessage(said)
}
const today = () => new Date().toDateString()
const born = today()

/* What is said of today is of the day on which the page came: behind midnight it comes anew, unless somebody types in it. */
function turn() {
  const isSeen = document.visibilityState === "visible"
  if (isSeen && today() !== born && !isTypedIn(document.querySelector("main"))) location.reload()
}

document.addEventListener("visibilitychange", () => document.visibilityState === "visible" ? come() : leave?.())
document.addEventListener("visibilitychange", turn)
setInterval(turn, LATER)
addEventListener("pagehide", () => leave?.())
addEventListener("pageshow", come)
addEventListener("online", () => {
  leave?.()
  come()
})
offer.querySelector("button").addEventListener("click", () => {
  isWanted = true
  catchUp()
})
come()
