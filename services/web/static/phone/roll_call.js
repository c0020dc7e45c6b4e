/* The taps of a roll-call: a button for each student, over the selects, which stay what is sent.

Tap: absent, late, leave, present again. Held down, right click, or the key for a context menu: left early. */
import "./queue.js"

const HELD = 500 // milliseconds
const MOVED = 10 // pixels: who scrolls does not hold
const form = document.getElementById("roll-call")
const words = JSON.parse(form.dataset.words)
const list = form.querySelector("ol.roll")
const rows = [...list.querySelectorAll("li[data-student]")].map(li => ({
  li, select: li.querySelector("select"), name: li.querySelector(".name").textContent, number: li.dataset.student, button: null,
})).filter(one => one.select)
const CYCLE = ["present", "absent", "late", "leave"]
const counts = form.querySelector(".counts")
const more = form.querySelector(".marked")

function say(row, status) {
  row.select.value = status
  row.select.dispatchEvent(new Event("change", { bubbles: true }))
  draw(row)
  count()
}

function draw(row) {
  const status = row.select.value
  const word = row.select.selectedOptions[0]?.text ?? ""
  row.li.className = status
  row.button.querySelector(".status").textContent = word
  row.button.setAttribute("aria-pressed", String(status !== "present"))
  const extra = row.li.extra
  extra.hidden = status === "present" && ![...extra.querySelectorAll("input")].some(one => one.value)
  extra.querySelector(".of").textContent = `${row.name} · ${word}`
  extra.querySelector("label:has([name^='minutes:'])").hidden = status !== "late"
}

function count() {
  const here = status => rows.filter(one => one.select.value === status).length
  const n = { here: here("present") + here("early_leave") + here("late"), expected: rows.length, late: here("late"), leave: here("leave"), absent: here("absent") }
  counts.replaceChildren(...["here", "absent", "late", "leave"].filter(key => key === "here" || n[key]).map(key => {
    const one = document.createElement("span")
    one.className = key
    one.textContent = words[key].replace("{n}", n[key]).replace("{expected}", n.expected)
    return one
  }))
  const marked = rows.filter(one => !one.li.extra.hidden).length
  more.hidden = marked === 0
  more.querySelector(".n").textContent = marked
}

function build(row) {
  const { li } = row
  const button = row.button = document.createElement("button")
  button.type = "button"
  button.className = "tap"
  const label = document.createElement("span")
  label.className = "name"
  label.dir = "auto"
  label.textContent = row.name
  const end = document.createElement("span")
  end.className = "fine"
  end.textContent = li.querySelector("label .fine").textContent
  const status = document.createElement("span")
  status.className = "status"
  const line = document.createElement("span")
  line.className = "line"
  line.append(end, status)
  button.append(label, line)
  const leave = li.querySelector(".on-leave")
  if (leave) button.append(Object.assign(document.createElement("span"), { className: leave.dataset.asked ? "asked" : "only-read", textContent: leave.textContent }))
  row.select.hidden = true
  li.querySelector("label").hidden = true
  leave?.remove()
  li.prepend(button)
  const extra = li.extra = document.createElement("div")
  extra.className = "extra"
  const of = document.createElement("strong")
  of.className = "of"
  const details = li.querySelector("details")
  extra.append(of, ...details.querySelectorAll("label, a.page"))
  details.remove()
  more.append(extra)
  press(row)
}

function press(row) {
  const { button } = row
  let timer = 0, isHeld = false, from = null
  const hold = () => {
    clearTimeout(timer)
    if (isHeld) return
    isHeld = true
    navigator.vibrate?.(20)
    say(row, "early_leave")
  }
  button.addEventListener("pointerdown", event => {
    isHeld = false
    clearTimeout(timer)
    if (event.button !== 0) return
    from = [event.clientX, event.clientY]
    timer = setTimeout(hold, HELD)
  })
  button.addEventListener("pointermove", event => {
    if (from && Math.hypot(event.clientX - from[0], event.clientY - from[1]) > MOVED) clearTimeout(timer)
  })
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) button.addEventListener(name, () => clearTimeout(timer))
  button.addEventListener("contextmenu", event => {
    event.preventDefault()
    hold()
    if (event.button !== 0 || event.pointerType !== "touch") isHeld = false // no click follows a right click or a key
  })
  button.addEventListener("click", event => {
    clearTimeout(timer)
    if (isHeld && event.detail > 0) { // the end of a long press
      isHeld = false
      return
    }
    isHeld = false
    say(row, CYCLE[(CYCLE.indexOf(row.select.value) + 1) % CYCLE.length])
  })
}

/* By number, or by name; remembered in this browser. */
function order() {
  const chosen = form.querySelector(".order")
  const by = localStorage.getItem("prewarn.order") === "name" ? "name" : "number"
  const compare = new Intl.Collator(by === "name" ? "zh-Hans-u-co-pinyin" : "en", { numeric: true }).compare
  const sorted = [...rows].sort((one, other) => compare(one[by], other[by]))
  list.prepend(...sorted.map(one => one.li))
  for (const button of chosen.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.value === by))
}

function tools() {
  const tool = form.querySelector(".tools")
  tool.hidden = false
  for (const button of tool.querySelectorAll(".order button")) {
    button.addEventListener("click", () => {
      localStorage.setItem("prewarn.order", button.value)
      order()
    })
  }
  const search = tool.querySelector("input")
  search?.addEventListener("input", event => {
    event.stopPropagation()
    const text = search.value.trim().toLowerCase()
    for (const row of rows) row.li.hidden = !row.name.toLowerCase().includes(text) && !row.number.toLowerCase().includes(text)
  })
  search?.addEventListener("keydown", event => { if (event.key === "Enter") event.preventDefault() })
}

function filled() {
  for (const row of rows) {
    draw(row)
    const said = row.li.querySelector("select ~ .differs")
    row.button.classList.toggle("other", Boolean(said))
    if (said) row.button.querySelector(".status").append(` · ${said.textContent}`)
  }
  count()
}

rows.forEach(build)
list.classList.add("taps")
tools()
order()
filled()
more.addEventListener("change", () => count())
form.addEventListener("queue-filled", filled)
