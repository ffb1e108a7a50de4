// The service: one plan in flight, the newest question wins, and a service that is gone is asked again until it is back.
const kSlowMs = 1000, kAgainMs = 1000, kLongestMs = 60000;

export class Refusal extends Error {
  constructor(response, error) {
    super(error?.message ?? `the service answered with status ${response.status}`);
    this.status = response.status;
    this.where = error?.where ?? "";
    this.later = response.headers.has("Retry-After") || (!error && response.status >= 502);
  }
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// What this window keeps, where it is allowed to.
export function kept(name, value) {
  try {
    if (value !== undefined) sessionStorage.setItem(name, value);
    return sessionStorage.getItem(name);
  } catch { return null; }
}

function headers() {
  const token = kept("token");
  return { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) };
}

async function ask(path, init) {
  const response = await fetch(path, { ...init, headers: headers(), cache: "no-store" });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(response, body.error);
  return body;
}

const isGone = (error) => !(error instanceof Refusal) || error.later;

// A table of the service; waits until it is there. `gone` is told each time it is not.
export async function table(path, gone) {
  for (;;) {
    try { return await ask(path); } catch (error) {
      if (!isGone(error)) throw error;
      gone();
    }
    await wait(kAgainMs);
  }
}

export class Planner {
  #next = null;
  #flight = null;

  // told: {answer(plan), refusal(error), gone()}
  constructor(told) { this.told = told; }

  plan(body) {
    this.#next = body;
    if (!this.#flight) this.#fly();
    else if (performance.now() - this.#flight.since > kSlowMs) this.#flight.controller.abort();
  }

  async #fly() {
    while (this.#next) {
      const body = this.#next;
      this.#next = null;
      this.#flight = { controller: new AbortController(), since: performance.now() };
      await this.#once(body);
    }
    this.#flight = null;
  }

  async #once(body) {
    const signal = AbortSignal.any([this.#flight.controller.signal, AbortSignal.timeout(kLongestMs)]);
    try {
      this.told.answer(await ask("/api/v1/plan", { method: "POST", body: JSON.stringify(body), signal }));
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!isGone(error)) return this.told.refusal(error);
      this.told.gone();
      await wait(kAgainMs);
      this.#next ??= body;
    }
  }
}
