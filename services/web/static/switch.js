/* A page that answers a form: the switch of the language sends the form again, with what was typed since. */
const form = document.getElementById("switch")
const to = new URL(form.action).pathname
const OURS = new Set(["token", "version", "submission", "elapsed"])
const said = name => form.querySelector(`[name="${CSS.escape(name)}"]`)?.value
const goals = one => [one, ...one.querySelectorAll("[formaction]")].map(each => each.getAttribute("formaction") ?? each.getAttribute("action") ?? "")
const isSentThere = one => goals(one).some(goal => new URL(goal, location.href).pathname === to)
const isAboutTheSame = one => [...one.querySelectorAll("input[type=hidden][name]")].every(field => OURS.has(field.name) || said(field.name) === field.value)
const isChanged = field => field.tagName === "SELECT"
  ? [...field.options].some(one => one.selected !== one.defaultSelected)
  : /^(checkbox|radio)$/.test(field.type) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue

form.addEventListener("submit", () => {
  const typed = [...document.querySelectorAll("main form")].find(one => isSentThere(one) && isAboutTheSame(one))
  if (!typed) return
  const fields = [...typed.elements].filter(one => one.matches("input:not([type=hidden], [type=file]), select, textarea"))
  const changed = new Set(fields.filter(isChanged).map(one => one.name))
  for (const field of form.querySelectorAll("input")) if (changed.has(field.name)) field.remove()
  for (const [name, value] of new FormData(typed)) {
    if (changed.has(name)) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }))
  }
})
