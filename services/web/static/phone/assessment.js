// The month's assessment with a thumb: last month's grades of one student with a tap, and phrases for the comment.
// One student who is saved alone goes to an address of their own, so that the queue of the page (queue.js) keeps the
// students apart, and nothing that was typed of the others is sent or lost. Without this the page works the same: grades
// come from the server, and phrases from the browser's own list.
const form = document.getElementById("assessment")
const DIMENSIONS = ["overall", "attitude", "skill", "classroom"]

function asLast(row) {
  const grades = row.dataset.last.split(" ")
  DIMENSIONS.forEach((name, place) => {
    for (const radio of row.querySelectorAll(`input[name^="${name}:"]`)) {
      radio.checked = radio.value === grades[place]
      if (radio.checked) radio.dispatchEvent(new Event("change", { bubbles: true }))
    }
  })
}

function insert(comment, phrase) {
  const before = comment.value.trim()
  const between = !before ? "" : /[，。；、！？]$/.test(before) ? "" : /[\u4e00-\u9fff]/.test(phrase) ? "，" : "; "
  const text = before + between + phrase
  if (text.length > comment.maxLength) return
  comment.value = text
  comment.dispatchEvent(new Event("input", { bubbles: true }))
}

/* Students of whom something is typed, though not the grade that counts: each is marked, and nothing is sent. */
function isPartly(event) {
  const asked = event.submitter?.classList.contains("save-one") ? [event.submitter.closest("li")] : [...form.querySelectorAll("li[data-student]")]
  const partly = asked.filter(row => {
    const overall = row.querySelector('input[name^="overall:"]:checked')
    const typed = row.querySelector("input[type=radio]:checked") ?? [...row.querySelectorAll('input[name^="comment:"]')].find(one => one.value.trim())
    row.querySelector(".partly")?.toggleAttribute("hidden", Boolean(overall) || !typed)
    return typed && !overall
  })
  if (!partly.length) return false
  event.preventDefault()
  event.stopImmediatePropagation()
  partly[0].focus()
  return true
}

function chips(comment) {
  let box = comment.nextElementSibling
  if (box.classList.contains("phrases")) return
  document.querySelector(".phrases")?.remove()
  box = document.createElement("p")
  box.className = "phrases"
  for (const option of document.getElementById("phrases").options) {
    const chip = document.createElement("button")
    chip.type = "button"
    chip.className = "plain"
    chip.textContent = option.value
    chip.addEventListener("click", () => insert(comment, option.value))
    box.append(chip)
  }
  comment.after(box)
}

if (form) {
  for (const comment of form.querySelectorAll('input[name^="comment:"]')) comment.removeAttribute("list")
  form.addEventListener("focusin", event => {
    if (event.target.name?.startsWith("comment:")) chips(event.target)
  })
  const all = form.action
  for (const button of form.querySelectorAll(".save-one")) { // the queue leaves to the browser what has a formaction
    button.dataset.to = button.formAction
    button.removeAttribute("formaction")
  }
  form.addEventListener("submit", event => {
    if (isPartly(event) || !event.submitter?.classList.contains("save-one")) return
    form.action = event.submitter.dataset.to
    setTimeout(() => { form.action = all }) // the queue has read it by then
  }, { capture: true })
  if ("BroadcastChannel" in globalThis) {
    new BroadcastChannel(`prewarn${new URL(all).pathname.split("/assessments/")[0]}`).addEventListener("message", ({ data }) => {
      const button = [...form.querySelectorAll(".save-one")].find(one => new URL(one.dataset.to).pathname === data.saved)
      const row = button?.closest("li")
      row?.classList.add("assessed")
      row?.querySelector(".done")?.removeAttribute("hidden")
    })
  }
  form.addEventListener("click", event => {
    const button = event.target.closest("button.as-last")
    if (!button) return
    event.preventDefault()
    asLast(button.closest("li"))
  })
}
