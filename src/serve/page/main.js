// The page: the question in the address, its answer below, and what happens in between.
import { byId, say } from "/dom.js";
import { showAnswer, showRefused, spoken } from "/answer.js";
import { Form } from "/form.js";
import { Planner, kept, table } from "/service.js";
import { applied, fromFragment, initial, requestOf, toFragment } from "/state.js";

const kQuietMs = 700, kRestMs = 150;  // a slider rests: a screen reader hears the answer, the address is written
let state, plan = null, form, types, lastField = "";

function banner(text) {
  byId("banner").hidden = !text;
  say(byId("banner"), text);
  document.body.classList.toggle("stale", Boolean(text));
}

let speaking = 0;
function speak(text) {
  clearTimeout(speaking);
  speaking = setTimeout(() => say(byId("said"), text), kQuietMs);
}

const gone = () => {
  banner("The service does not answer. What is shown is its last answer; it is asked again until it is back.");
  speak(byId("banner").textContent);
};

const planner = new Planner({
  answer(answer) {
    plan = answer;
    banner("");
    form.clearRefusal();
    form.showPlan(plan);
    showAnswer(plan, take);
    speak(spoken(plan));
  },
  refusal(refusal) {
    if (refusal.status === 401) return signIn();
    banner("");
    form.showRefusal(refusal);
    showRefused(refusal.message);
    document.body.classList.add("stale");
    speak(refusal.message);
  },
  gone,
});

function signIn() {
  byId("sign-in").hidden = false;
  byId("token").focus();
}

// One entry of the history for a run of changes to one field: a slider that moves leaves one step back, not forty. Its address is
// written once it rests, since browsers refuse more than a few a second.
let rest = 0, unwritten = null;
function write() {
  clearTimeout(rest);
  if (unwritten) history.replaceState(null, "", unwritten);
  unwritten = null;
}

function change(next, field) {
  const address = `#${toFragment(next)}`;
  if (field === lastField) {
    clearTimeout(rest);
    unwritten = address;
    rest = setTimeout(write, kRestMs);
  } else {
    write();
    if (address !== location.hash) history.pushState(null, "", address);
  }
  lastField = field;
  show(next);
}

function show(next) {
  state = next;
  form.show(state, plan);
  document.title = `${state.model || "vramauto"} – vramauto`;
  planner.plan(requestOf(state, types));
}

function take(alternative) {
  lastField = "";
  change(applied(state, alternative, plan), "alternative");
  byId("verdict-title").focus({ preventScroll: true });
}

function followAddress() {
  lastField = "";
  unwritten = null;
  const next = fromFragment(location.hash, types);
  if (next) return show(next);
  const first = initial();
  history.replaceState(null, "", `#${toFragment(first)}`);
  show(first);
}

async function copy() {
  const text = byId("command").textContent;
  try {
    await navigator.clipboard.writeText(text);
    speak("Copied");
    say(byId("copy"), "Copied");
  } catch {
    getSelection().selectAllChildren(byId("command"));
    say(byId("copy"), "Selected: copy it with the keyboard");
  }
  setTimeout(() => say(byId("copy"), "Copy"), 2000);
}

function listen() {
  addEventListener("popstate", followAddress);
  byId("copy").addEventListener("click", copy);
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("verdict-title").focus();
  });
  byId("sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    kept("token", byId("token").value);
    location.reload();
  });
  byId("theme").value = document.documentElement.dataset.theme ?? "";
  byId("theme").addEventListener("change", (event) => {
    const theme = event.target.value;
    if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
    try { localStorage.setItem("theme", theme); } catch { /* not kept, then */ }
  });
}

async function start() {
  listen();
  const suggested = (path, none) => table(path, gone).catch((error) => (error.status === 401 ? Promise.reject(error) : none));
  const [{ options }, { models }, { gpus }, { devices }] = await Promise.all([table("/api/v1/options", gone),
    suggested("/api/v1/models", { models: [] }), suggested("/api/v1/gpus", { gpus: [] }), suggested("/api/v1/devices", { devices: [] })]);
  types = new Map(options.map((option) => [option.name, option.type]));
  form = new Form({ options, models, gpus, devices }, change);
  banner("");
  followAddress();
}

start().catch((error) => (error.status === 401 ? signIn() : banner(error.message)));
