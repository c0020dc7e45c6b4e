/* The service worker, served as /sw.js: the phone pages without network, and sending while no page is open.

It keeps the newest pages that have the queue's line (phone/frame.html) of one person at most: another person's first page,
signing out and the sign-in page delete them. They are kept against `no-store`, in which the server tells the browser
to keep nothing, since a roll-call must open where there is no network; without the token of their forms. */
"use strict"
importScripts("static/phone/sending.js")

const root = new URL(self.registration.scope).pathname.replace(/\/$/, "")
const SHELL = `prewarn${root}:shell`, PAGES = `prewarn${root}:pages:`
const FILES = ["offline", "static/prewarn.css", "static/phone.css", "static/icon.svg", "static/phone/queue.js",
  "static/phone/sending.js", "static/phone/roll_call.js", "static/phone/check_in.js", "static/phone/assessment.js"].map(one => `${root}/${one}`)
const MOST = 12 // pages
const OLDEST = 36 * 3600_000 // milliseconds: a page of the day before yesterday helps nobody
const FRESH = 5 * 60_000 // younger ones are not fetched again before they are asked for
const PATIENCE = 4_000 // milliseconds: a network that is there and brings nothing
const news = "BroadcastChannel" in self ? new BroadcastChannel(`prewarn${root}`) : null
const PERSON = /id="queue"[^>]* data-person="([^"]*)"/

const pageNames = async () => (await caches.keys()).filter(one => one.startsWith(PAGES))
const forget = async but => Promise.all((await pageNames()).filter(one => one !== but).map(one => caches.delete(one)))
const ageOf = response => Date.now() - Number(response.headers.get("x-kept"))

/* Keeps a page, if it is one of ours and of somebody. */
async function keep(url, response) {
  if (!response.ok || response.redirected || !(response.headers.get("content-type") ?? "").includes("text/html")) return
  const html = await response.text()
  const person = PERSON.exec(html)?.[1]
  if (!person) return
  const name = PAGES + person
  await forget(name)
  const pages = await caches.open(name)
  const now = String(Date.now())
  const kept = html.replace(/(name="token" value=")[^"]*/g, "$1").replace("<html ", `<html data-kept="${now}" `)
  const headers = { "content-type": "text/html; charset=utf-8", "x-kept": now }
  for (const name of ["content-security-policy", "referrer-policy", "x-content-type-options"]) {
    if (response.headers.has(name)) headers[name] = response.headers.get(name)
  }
  url.searchParams.delete("saved")
  await pages.delete(url)
  await pages.put(url, new Response(kept, { headers }))
  const all = await pages.keys()
  for (const one of all.slice(0, Math.max(0, all.length - MOST))) await pages.delete(one)
}

async function keptPage(url) {
  for (const name of await pageNames()) {
    const pages = await caches.open(name)
    const found = (await pages.match(url)) ?? (await pages.match(url, { ignoreSearch: !url.searchParams.has("day") }))
    if (found && ageOf(found) < OLDEST) return found
    if (found) await pages.delete(url)
  }
  return null
}

async function shown(event, url) {
  const kept = await keptPage(url)
  let isOver = false // the kept one is shown
  const fetched = fetch(event.request).then(response => {
    event.waitUntil(keep(new URL(url), response.clone()).then(() => isOver && news?.postMessage({ fresh: url.href })))
    return response
  })
  const slow = new Promise(done => setTimeout(done, PATIENCE))
  try {
    const first = await (kept ? Promise.race([fetched, slow]) : fetched)
    if (first && !(kept && first.status >= 500)) return first // a proxy may say that the server is down
    isOver = true
    fetched.catch(() => {})
  } catch {
    // no network
  }
  return kept ?? (await caches.match(`${root}/offline`, { cacheName: SHELL })) ?? Response.error()
}

async function file(event) {
  const shell = await caches.open(SHELL)
  try {
    const response = await fetch(event.request)
    if (response.ok) event.waitUntil(shell.put(event.request, response.clone()))
    return response
  } catch (error) {
    const kept = await shell.match(event.request)
    if (kept) return kept
    throw error
  }
}

async function prefetch(urls) {
  for (const address of urls) {
    const url = new URL(address)
    const found = await keptPage(url)
    if (found && ageOf(found) < FRESH) continue
    try {
      await keep(url, await fetch(url, { credentials: "same-origin" }))
    } catch {
      return // no network: the next page asks again
    }
  }
}

self.addEventListener("install", event => {
  event.waitUntil(caches.open(SHELL).then(shell => shell.addAll(FILES)))
  self.skipWaiting()
})
self.addEventListener("activate", event => event.waitUntil(self.clients.claim()))
self.addEventListener("fetch", event => {
  const url = new URL(event.request.url)
  if (url.origin !== location.origin) return
  const path = url.pathname.slice(root.length)
  if (path === "/sign-out" || path === "/sign-in") event.waitUntil(forget(""))
  if (event.request.method !== "GET") return
  if (event.request.mode === "navigate") event.respondWith(shown(event, url))
  else if (path.startsWith("/static/")) event.respondWith(file(event))
})
self.addEventListener("message", event => {
  if (Array.isArray(event.data?.keep)) event.waitUntil(prefetch(event.data.keep))
})
self.addEventListener("sync", event => {
  if (event.tag !== "prewarn") return
  event.waitUntil(globalThis.prewarnSending(root).send().then(ended => {
    if (ended === "later" || ended === "busy") throw new Error("no network yet") // the browser tries again
  }))
})
