/* The code of a lesson as it changes, and who has checked in, while the window is open. Without it the page of the code
loads itself anew every ten seconds, and the roll-call shows who has checked in when it is loaded. */
const box = document.getElementById("check-in")
const EVERY = 4_000 // milliseconds
const picture = box?.querySelector("img")
const part = name => box.querySelector(name)
const clock = seconds => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
let ends = 0, isLeaving = false

function draw(said) {
  const n = Object.keys(said.came).length
  const counted = part(".n")
  if (counted) counted.textContent = box.dataset.n.replace("{n}", n)
  const refused = part(".refused")
  if (refused && refused.children.length !== said.refused.length) {
    refused.replaceChildren(...said.refused.map(text => Object.assign(document.createElement("li"), { className: "error", textContent: text })))
  }
  for (const row of document.querySelectorAll("#roll-call [data-student]")) {
    const at = said.came[row.dataset.student], badge = row.querySelector(".came")
    if (!at || !badge?.hidden) continue
    badge.textContent = box.dataset.came.replace("{at}", at)
    badge.hidden = false
  }
  if (picture && said.code && part(".digits").textContent !== said.code) {
    picture.src = `${box.dataset.picture}?${said.code}`
    part(".digits").textContent = said.code
  }
  ends = performance.now() + said.left * 1000
}

async function look() {
  let wait = EVERY
  try {
    const answer = await fetch(box.dataset.state, { cache: "no-store", headers: { accept: "application/json" }, redirect: "error" })
    if (answer.ok) {
      const said = await answer.json()
      draw(said)
      if (said.state === "over") {
        if (picture && !isLeaving) location.reload() // says that it is over
        return
      }
      wait = Math.min(EVERY, said.changes_in + 200)
    }
  } catch {
    // no network: what is shown stays, and it is tried again
  }
  setTimeout(look, wait)
}

if (box && "open" in box.dataset) {
  look()
  document.addEventListener("submit", () => { isLeaving = true }) // whoever ends it is on the way to the roll-call
  const left = part(".left")
  if (left) setInterval(() => { if (ends) left.textContent = box.dataset.left.replace("{time}", clock(Math.max(0, Math.round((ends - performance.now()) / 1000)))) }, 1000)
}
