/* What was typed on this phone and is not with the server yet, in IndexedDB; and how it is sent.

No import and no export: pages take it as a module, the service worker by importScripts; both find it as
`prewarnSending(root)`, where root is what stands before the path of every page.

A form that waits: {n, submission, person, action, label, fields, at, attempted, state, words}. `state` is waiting, or
what the server said of it: changed, refused. `at` is the phone's clock, of which only differences are used.
A draft: {key, person, action, fields, touched, version, at}, kept at each tap until it is saved or discarded. */
"use strict"
globalThis.prewarnSending = root => {
  const PATIENCE = 20_000 // milliseconds until an answer is not waited for any more
  const CLAIM = 25_000 // milliseconds for which one tab sends, unless it says that it still does
  const OLDEST_DRAFT = 14 * 24 * 3600_000 // the server dates nothing before that
  const REMEMBERED = 20 // actions of which it is known when they were last saved from here
  const me = String(Math.random())
  const saidHere = new Map() // submission → performance.now(): right even if the phone's clock is set meanwhile
  const news = "BroadcastChannel" in globalThis ? new BroadcastChannel(`prewarn${root}`) : null
  let opened = null

  const answer = request => new Promise((yes, no) => {
    request.onsuccess = () => yes(request.result)
    request.onerror = () => no(request.error)
  })
  const open = () => {
    opened ??= new Promise((yes, no) => {
      const request = indexedDB.open(`prewarn${root}`, 1)
      request.onupgradeneeded = () => {
        request.result.createObjectStore("forms", { keyPath: "n", autoIncrement: true })
        request.result.createObjectStore("drafts", { keyPath: "key" })
        request.result.createObjectStore("facts")
      }
      request.onsuccess = () => {
        request.result.onversionchange = () => { request.result.close(); opened = null }
        yes(request.result)
      }
      request.onerror = request.onblocked = () => { opened = null; no(request.error) }
    })
    return opened
  }
  /* Acts on stores in one transaction, which is on the disk once the promise is kept: a battery may die. */
  const within = async (stores, mode, act) => {
    const transaction = (await open()).transaction(stores, mode, { durability: "strict" })
    const done = new Promise((yes, no) => {
      transaction.oncomplete = yes
      transaction.onerror = transaction.onabort = () => no(transaction.error)
    })
    const found = await act(...[stores].flat().map(name => transaction.objectStore(name)))
    await done
    return found
  }
  const tell = what => news?.postMessage(what)
  const keyOf = (person, action) => `${person} ${action}`

  const all = () => within("forms", "readonly", forms => answer(forms.getAll()))
  const fact = name => within("facts", "readonly", facts => answer(facts.get(name)))
  const drop = async n => {
    await within("forms", "readwrite", forms => answer(forms.delete(n)))
    tell({ kept: true })
  }

  /* Keeps a form until the server has it. An earlier one of the same page goes, unless the server may have it. */
  const keep = async form => {
    saidHere.set(form.submission, performance.now())
    await within(["forms", "drafts"], "readwrite", async (forms, drafts) => {
      for (const one of await answer(forms.getAll())) {
        const isSame = one.person === form.person && one.action === form.action
        if (isSame && !(one.state === "waiting" && one.attempted)) forms.delete(one.n)
      }
      drafts.delete(keyOf(form.person, form.action))
      return answer(forms.add({ ...form, at: Date.now(), attempted: false, state: "waiting", words: "" }))
    })
    tell({ kept: true })
  }

  const draftOf = async (person, action) => {
    const found = await within("drafts", "readonly", drafts => answer(drafts.get(keyOf(person, action))))
    return found && Math.abs(Date.now() - found.at) < OLDEST_DRAFT ? found : null
  }
  const keepDraft = draft => within("drafts", "readwrite", drafts =>
    answer(drafts.put({ ...draft, key: keyOf(draft.person, draft.action), at: Date.now() })))
  const dropDraft = (person, action) => within("drafts", "readwrite", drafts => answer(drafts.delete(keyOf(person, action))))
  const drafts = () => within("drafts", "readonly", store => answer(store.getAll()))

  /* One tab, or the service worker, sends at a time: by a lock where there is one, which ends with its page; else by a
     claim. A claim far ahead was made before the clock was set back. */
  const claim = () => within("facts", "readwrite", async facts => {
    const held = await answer(facts.get("claim"))
    const now = Date.now()
    if (held && held.by !== me && held.until > now && held.until < now + 2 * CLAIM) return false
    facts.put({ by: me, until: now + CLAIM }, "claim")
    return true
  })
  const release = () => within("facts", "readwrite", async facts => {
    const held = await answer(facts.get("claim"))
    if (held?.by === me) facts.delete("claim")
  })
  const alone = async act => {
    if (globalThis.navigator?.locks) {
      return navigator.locks.request(`prewarn${root}`, { ifAvailable: true }, lock => lock ? act(async () => true) : "busy")
    }
    if (!(await claim())) return "busy"
    try {
      return await act(claim)
    } finally {
      await release()
    }
  }

  /* What the server says, if it is ours that answers: a page of the campus network's sign-in is none. */
  const ask = async (path, options = {}) => {
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), PATIENCE)
    try {
      const response = await fetch(path, {
        credentials: "same-origin", cache: "no-store", redirect: "error", signal: stop.signal, ...options,
        headers: { accept: "application/json", ...options.headers },
      })
      const said = await response.json()
      return typeof said.state === "string" ? { ...said, status: response.status } : null
    } catch {
      return null
    } finally {
      clearTimeout(timer)
    }
  }

  /* Whether the server is there: a browser that says it is online knows of a network only. */
  const answers = async () => Boolean(await ask(`${root}/me.json`))

  /* Changes a form that is there still: it may have been saved anew, or discarded, meanwhile. */
  const change = (n, changes) => within("forms", "readwrite", async forms => {
    const found = await answer(forms.get(n))
    if (found) forms.put({ ...found, ...changes })
    return Boolean(found)
  })

  const sendOne = async (form, token) => {
    if (!(await change(form.n, { attempted: true }))) return { form, state: "gone" }
    const here = saidHere.has(form.submission) ? performance.now() - saidHere.get(form.submission) : 0
    const elapsed = Math.round(Math.max(0, here, Date.now() - form.at))
    const body = new URLSearchParams([...form.fields, ["submission", form.submission], ["elapsed", elapsed], ["token", token]])
    const said = await ask(form.action, { method: "POST", body })
    if (said?.state === "saved" || said?.state === "known") {
      await within(["forms", "facts"], "readwrite", async (forms, facts) => {
        forms.delete(form.n)
        const before = (await answer(facts.get("saved")))?.of ?? {}
        const newest = Object.entries(before).sort((one, other) => other[1] - one[1]).slice(0, REMEMBERED)
        const of = { ...Object.fromEntries(newest), [form.action]: Date.now() }
        return answer(facts.put({ at: said.at ?? "", person: form.person, of }, "saved"))
      })
      tell({ saved: form.action, submission: form.submission, page: said.page })
      return { form, page: said.page, state: "saved" }
    }
    if (said?.state === "changed" || (said?.state === "refused" && said.status < 500)) {
      await change(form.n, { state: said.state, words: said.words ?? "", page: said.page ?? "" })
      tell({ answered: form.action, submission: form.submission, state: said.state })
      return { form, page: said.page, state: said.state }
    }
    return { form, state: said?.state === "token" || said?.state === "sign_in" ? said.state : "later" }
  }

  /* Sends what waits of the person who is signed in, one after the other. Tells `settled` what became of each, and comes
     back with why it ended: done, later (no network), busy (another tab sends), sign_in, other (who is signed in has
     typed none of it). Nobody but who typed a form sends it. */
  const send = (settled = () => {}) => alone(async isStillAlone => {
    for (let tokens = 0; ;) {
      const waiting = (await all()).filter(one => one.state === "waiting")
      if (!waiting.length) return "done"
      const who = await ask(`${root}/me.json`)
      if (who?.state === "sign_in") return "sign_in"
      if (who?.state !== "signed_in") return "later"
      const mine = waiting.find(one => one.person === who.person)
      if (!mine) return "other"
      if (!(await isStillAlone())) return "busy"
      const outcome = await sendOne(mine, who.token)
      if (outcome.state === "later" || outcome.state === "sign_in") return outcome.state
      if (outcome.state === "token" && ++tokens > 2) return "later"
      if (outcome.page !== undefined || outcome.state === "refused") settled(outcome)
    }
  })

  return { all, drop, keep, fact, draftOf, keepDraft, dropDraft, drafts, answers, send, news }
}
