/* Signing out: asks while something is unsent, and takes the pages that were kept off the phone. */
import "./sending.js"

for (const form of document.querySelectorAll("form[data-ask]")) {
  form.addEventListener("submit", async event => {
    event.preventDefault()
    const { root, person, ask, offline } = form.dataset, submitter = event.submitter
    const kept = globalThis.prewarnSending(root)
    let unsent = 0
    try {
      const some = [...await kept.all(), ...await kept.drafts()].filter(one => one.person === person)
      unsent = new Set(some.map(one => one.action)).size
    } catch {
      // nothing can be kept in this browser
    }
    if (unsent && !confirm(ask.replace("{n}", unsent))) return
    if ("caches" in globalThis) {
      const names = (await caches.keys()).filter(one => one.startsWith(`prewarn${root}:pages:`))
      await Promise.all(names.map(one => caches.delete(one)))
    }
    try {
      await fetch(`${root}/healthz`, { cache: "no-store" })
    } catch { // the session is the server's to end
      const told = document.querySelector(".offline") ?? Object.assign(document.createElement("p"), { className: "error offline", role: "alert" })
      told.textContent = offline
      form.after(told)
      return
    }
    if (submitter?.name) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: submitter.name, value: submitter.value }))
    }
    form.submit()
  })
}
