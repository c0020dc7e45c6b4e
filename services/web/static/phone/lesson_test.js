/* Scores by keyboard: Enter and the arrows go from row to row. What is pasted, and what is wrong, is read by the server
and put into the page as it is, so that what was typed stays and the queue keeps it. */
import "./queue.js"

const form = document.getElementById("lesson-test")
const scores = [...form?.querySelectorAll("input.score") ?? []]
const counts = form?.querySelector(".counts")
const stateOf = score => form.elements[score.name.replace("score:", "state:")]
let isRight = false

const count = () => { counts.textContent = `${scores.filter(one => one.value.trim()).length} / ${scores.length}` }

/* What the server says of the form as it is now; null without network, or where it does not know who asks. */
async function asked(check) {
  const fields = new URLSearchParams(new FormData(form))
  fields.set("check", check)
  try {
    const answer = await fetch(document.getElementById("read").formAction, { method: "POST", body: fields })
    const page = new DOMParser().parseFromString(await answer.text(), "text/html")
    return answer.ok && page.getElementById("lesson-test") ? page : null
  } catch {
    return null
  }
}

/* Puts what is said into its places; whether something is wrong. */
function show(page) {
  for (const one of page.querySelectorAll(".said")) document.getElementById(one.id)?.replaceChildren(...one.childNodes)
  for (const field of form.querySelectorAll("[aria-describedby$='-said'], input.score")) {
    const isWrong = document.getElementById(field.getAttribute("aria-describedby"))?.querySelector(".error")
    field.toggleAttribute("aria-invalid", Boolean(isWrong))
    if (isWrong) field.setAttribute("aria-invalid", "true")
    if (isWrong) field.closest("details")?.setAttribute("open", "")
  }
  return document.querySelector("#error .error") ?? form.querySelector("[aria-invalid]")
}

async function read(event) {
  event.preventDefault()
  const page = await asked("")
  if (!page) {
    const words = Object.assign(document.createElement("p"), { className: "error", textContent: event.target.dataset.offline })
    document.getElementById("report").replaceChildren(words)
    return
  }
  for (const one of page.getElementById("lesson-test").elements) {
    if (/^(score:|state:|paste$|was_read$)/.test(one.name)) form.elements[one.name].value = one.value
  }
  show(page)
  form.elements.paste.dispatchEvent(new Event("change", { bubbles: true }))
  count()
}

/* Looks before it is sent; without network the queue takes it as it is. */
async function submitted(event) {
  if (isRight || event.submitter?.hasAttribute("formaction")) return
  event.preventDefault()
  event.stopImmediatePropagation()
  const page = await asked("all")
  const wrong = page && show(page)
  if (wrong) {
    wrong.scrollIntoView({ block: "center" })
    form.querySelector("[aria-invalid]")?.focus()
    return
  }
  isRight = true
  form.requestSubmit()
  isRight = false
}

function key(event) {
  if (event.isComposing) return
  const at = scores.indexOf(event.target)
  if (at < 0) { // Enter in another field saves nothing by itself
    if (event.key === "Enter" && event.target.matches("input, select")) event.preventDefault()
    return
  }
  const step = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (!step) return
  event.preventDefault()
  const next = scores[at + step] ?? (step > 0 ? document.getElementById("save") : null)
  next?.focus()
  next?.select?.()
}

/* A column that is pasted into a score goes through the field for it. */
function pasted(event) {
  const text = event.clipboardData?.getData("text") ?? ""
  if (!event.target.matches("input.score") || !text.trim().includes("\n")) return
  event.preventDefault()
  form.querySelector(".pasting").open = true
  form.elements.paste.value = text
  document.getElementById("read").click()
}

if (form) {
  form.addEventListener("keydown", key)
  form.addEventListener("paste", pasted)
  form.addEventListener("submit", submitted)
  form.addEventListener("queue-filled", async () => {
    count()
    const page = await asked("rows")
    if (page) show(page)
  })
  form.addEventListener("input", event => {
    if (!event.target.matches("input.score")) return
    if (event.target.value.trim()) stateOf(event.target).value = "graded"
    count()
  })
  document.getElementById("read").addEventListener("click", read)
  count()
}
