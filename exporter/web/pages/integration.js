"use strict";
// Ticking errors and asking for their resync; everything else on the page works without a script. The token is read from
// its field when it is sent and kept nowhere else: no storage, no cookie, no address. Whoever has no token can ask for
// nothing, so a page of somebody else's gains nothing by sending the same request.
(() => {
  const form = document.getElementById("resync");
  const boxes = [...document.querySelectorAll('.tick input[type="checkbox"]')];
  const most = form ? Number(form.dataset.most) : 0;
  const token = document.getElementById("token");
  const answer = document.getElementById("answer");
  const REFRESH = 3000;
  let last = { request: "", key: "" };
  let sending = false;
  let timer = 0;

  const ticked = () => boxes.filter((box) => box.checked);

  function count() {
    const number = ticked().length;
    const told = number === 0 ? "None ticked" : `${number} ticked`;
    document.getElementById("ticked").value = number > most ? `${told}; at most ${most} at a time` : told;
    stick();
  }

  // In sight, however long the list, while there is something to send or to read.
  function stick() {
    form.classList.toggle("stuck", ticked().length > 0 || answer.textContent !== "");
  }

  function say(text, level) {
    answer.textContent = text;
    answer.className = level;
    stick();
  }

  // Browsers have randomUUID only where the page came over TLS or from this machine.
  function newKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return `page-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }

  // The same request again, as after an answer that never came, has the same key: it is one job.
  function keyOf(request) {
    if (last.request !== request) {
      last = { request, key: newKey() };
    }
    return last.key;
  }

  function problem(number) {
    if (number === 0) return "Tick the errors to resync first.";
    if (number > most) return `At most ${most} errors can be resynced at a time; ${number} are ticked.`;
    if (!token.value.trim()) return "Type the API token.";
    if (!/^[\x21-\x7e]+$/.test(token.value.trim())) return "No header can carry this token: it has a space or a letter beyond ASCII.";
    return "";
  }

  async function submitted(event) {
    event.preventDefault();
    if (sending) return;
    const chosen = ticked();
    const trouble = problem(chosen.length);
    if (trouble) {
      say(trouble, "bad");
      (chosen.length > 0 && chosen.length <= most ? token : boxes[0]).focus();
      return;
    }
    const dryRun = event.submitter?.value === "plan";
    sending = true;
    say("Asking …", "");
    try {
      await ask(chosen, dryRun);
    } catch {
      say("The exporter did not answer. Nothing is lost: press again, and it is still one job.", "bad");
    } finally {
      sending = false;
    }
  }

  async function ask(chosen, dryRun) {
    // With their categories the exporter need not look for them among all errors there are.
    const request = {
      integration: form.dataset.integration,
      categories: [...new Set(chosen.map((box) => box.dataset.category))],
      error_ids: chosen.map((box) => box.value),
    };
    const body = JSON.stringify(dryRun ? { ...request, dry_run: true } : request);
    const headers = { Authorization: `Bearer ${token.value.trim()}`, "Content-Type": "application/json" };
    if (!dryRun) headers["Idempotency-Key"] = keyOf(body);
    const response = await fetch("/api/v1/resyncs", { method: "POST", headers, body, cache: "no-store", redirect: "error" });
    const told = await response.json().catch(() => ({}));
    if (response.ok && dryRun) {
      say(planTold(told.plan ?? {}), "");
    } else if (response.ok) {
      accepted(told.job ?? {}, chosen.length);
    } else {
      refused(response.status, told.error);
    }
  }

  function accepted(job, number) {
    last = { request: "", key: "" };
    token.value = "";
    boxes.forEach((box) => { box.checked = false; });
    count();
    say(`Job ${job.id} was made of ${errors(number)}; it stands under Resyncs.`, "good");
    refresh();
  }

  function refused(status, error) {
    // What may pass is one job still when it is asked for again; what was refused is another request.
    if (status < 500) last = { request: "", key: "" };
    if (status === 401) {
      token.value = "";
      token.focus();
    }
    say(`Refused (${status}): ${error ?? "the exporter did not say why"}.`, "bad");
  }

  function planTold(plan) {
    const told = [`It would resync ${plan.records ?? 0} of them by ${plan.action}`];
    if (plan.records) told.push(`in ${plan.batches} ${plan.batches === 1 ? "batch" : "batches"}, with up to ${plan.expected_api_calls} Salesforce API calls`);
    const left = Object.entries(plan.refused ?? {}).map(([reason, number]) => `${number} for ${words(reason)}`);
    if (left.length) told.push(`; left out: ${left.join(", ")}`);
    if (plan.waits_for) told.push(`; it would wait: ${plan.waits_for.detail || words(plan.waits_for.reason)}`);
    if (plan.needs_approval) told.push("; somebody would have to approve it");
    return `${told.join(" ").replaceAll(" ;", ";")}.`;
  }

  const errors = (number) => `${number} ${number === 1 ? "error" : "errors"}`;
  const words = (name) => String(name).replaceAll("_", " ");

  // The jobs alone, again and again while one is under way: the ticks and the token stay.
  async function refresh() {
    clearTimeout(timer);
    try {
      const response = await fetch(`${location.pathname}?only=resyncs`, { cache: "no-store" });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.getElementById("resyncs");
      if (response.ok && fresh) replace(document.getElementById("resyncs"), fresh);
    } catch {
      // The next time, perhaps.
    }
    later();
  }

  // Not under the hands of who is in the middle of it.
  function replace(shown, fresh) {
    if (shown.contains(document.activeElement)) return;
    const refusals = fresh.querySelector("details");
    if (refusals) refusals.open = shown.querySelector("details")?.open ?? false;
    shown.replaceWith(fresh);
  }

  function later() {
    if (document.querySelector("#resyncs .active")) timer = setTimeout(refresh, REFRESH);
  }

  // Without errors, or a way to resync them, there is no form, and nothing can be ticked.
  if (form) {
    document.documentElement.classList.add("script");
    form.hidden = false;
    form.addEventListener("submit", submitted);
    boxes.forEach((box) => box.addEventListener("change", count));
    const tick = (checked) => () => { boxes.forEach((box) => { box.checked = checked; }); count(); };
    document.getElementById("all").addEventListener("click", tick(true));
    document.getElementById("none").addEventListener("click", tick(false));
    // A page that one comes back to must not hold the token still.
    addEventListener("pagehide", () => { token.value = ""; });
    count();
  }
  later();
})();
