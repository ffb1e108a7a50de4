// The answer in words: whether it fits, what would, the settings, and what to copy.
import { byId, count, el, gib, kib, many, say } from "/dom.js";
import { showMemory } from "/memory.js";
import { addsGpus } from "/state.js";

const verdicts = {
  comfortable: ["fits", "Fits, with a comfortable margin"],
  thin: ["thin", "Fits, by a thin margin"],
  none: ["lacks", "Does not fit"],
};

function verdictOf({ result }) {
  if (result.fits === null) return ["unknown", "Whether it fits is not known"];
  return verdicts[result.fits ? result.margin : "none"] ?? ["fits", "Fits"];
}

function gains(utilization, tokens, concurrency) {
  const parts = [utilization === null ? null : `utilization ${utilization}`, tokens ? many(tokens, "token") : null, concurrency ? `${concurrency.toFixed(2)} at once` : null];
  return parts.filter(Boolean).join(" · ");
}

const brief = ({ result, kv_cache: cache }) => (result.fits === false ? `needs ${share(result.utilization_min)} of the card`
  : gains(result.gpu_memory_utilization, cache?.tokens, cache?.max_concurrency));
const share = (ratio) => (ratio === null ? "more" : `${count(100 * ratio)} %`);

function showVerdict(plan) {
  const [kind, title] = verdictOf(plan);
  byId("verdict").dataset.kind = kind;
  say(byId("verdict-title"), title);
  say(byId("brief"), brief(plan));
  say(byId("reason"), plan.result.reason ?? "");
}

function changes({ env, ...options }, plan) {
  const words = Object.entries(options).map(([name, value]) => `${name.replaceAll("_", "-")} ${value}`).join(", ");
  return words + (addsGpus(options) ? ` on GPUs like ${plan.devices[0].name ?? "the first"}` : "");
}

const settings = ({ env = {} }) => Object.entries(env).map((pair) => pair.join("=")).join(" ");

function choice(alternative, plan, take) {
  const gain = gains(alternative.gpu_memory_utilization, alternative.tokens, alternative.max_concurrency);
  const button = el("button", { type: "button" }, el("strong", {}, changes(alternative.change, plan)), el("span", {}, settings(alternative.change)), el("span", {}, gain));
  button.addEventListener("click", () => take(alternative.change));
  return button;
}

// Redrawn only when they differ, so that a button under a finger or with the focus stays.
function showAlternatives(plan, take) {
  const { result } = plan, section = byId("alternatives"), all = result.alternatives.filter((one) => one.fits), key = JSON.stringify(all);
  section.hidden = !all.length;
  const before = byId(result.fits ? "about" : "short");
  if (result.fits ? before.previousSibling !== section : before.nextSibling !== section) result.fits ? before.before(section) : before.after(section);
  say(byId("alternatives-title"), result.fits ? "Also possible" : "What would fit");
  if (section.dataset.key === key) return;
  section.dataset.key = key;
  section.querySelector(".choices").replaceChildren(...all.map((alternative) => choice(alternative, plan, take)));
}

const pairs = (list) => list.filter(([, value]) => value !== null && value !== undefined)
  .map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)));

function showSettings(plan) {
  const { result, kv_cache: cache, workload } = plan;
  const known = (value, text) => (value === null || value === undefined ? null : text(value));
  const length = ["max-model-len", known(result.max_model_len, count)];
  byId("tiles").replaceChildren(...pairs(result.fits === false
    ? [["utilization it needs", known(result.utilization_min, String)], ["the card can give", known(result.utilization_max, String)], length]
    : [["gpu-memory-utilization", known(result.gpu_memory_utilization, String)], length,
      ["tokens in the cache", known(cache?.tokens, count)], ["sequences at once", known(cache?.max_concurrency, (n) => n.toFixed(2))]]));
  const started = (value, text) => (result.fits === false ? null : known(value, text));
  const layout = ["tensor", "pipeline", "data"].map((axis) => [axis, workload[`${axis}_parallel_size`]]).filter(([axis, n]) => n > 1 || axis === "tensor");
  byId("facts").replaceChildren(...pairs([
    ["layout", layout.map((pair) => pair.join(" ")).join(" × ")],
    ["KV cache in", cache?.dtype], ["one token", known(cache?.bytes_per_token, (n) => `${kib(n)} KiB`)],
    ["one longest sequence", known(cache?.required_bytes, (n) => `${gib(n)} GiB`)],
    ["longest that fits", started(result.max_model_len_limit, (n) => many(n, "token"))],
    ["sequences in one step", known(result.max_num_seqs, count)],
    ["fullest card keeps free", started(result.headroom_bytes, (n) => `${gib(n)} GiB`)],
    ["certainty", certainty(result)],
    ["first start", started(cache?.first_start, (first) => `${many(first.tokens, "token")}, ${first.max_concurrency.toFixed(2)} at once`)]]));
  byId("warnings").replaceChildren(...plan.warnings.map((warning) => el("li", {}, warning.message)));
}

function certainty(result) {
  if (result.uncertainty_bytes === null) return result.certainty;
  return `within ${gib(result.uncertainty_bytes)} GiB` + (result.least_certain ? `; least certain: ${result.least_certain}` : "");
}

function showAbout({ model, engine, vramauto }) {
  const parts = [model.id ?? model.path, model.architecture, model.parameters ? `${(model.parameters / 1e9).toFixed(2)} billion parameters` : null, `from ${model.source}`,
    engine ? `${engine.name} ${engine.version}` : "rule of thumb", `vramauto ${vramauto}`];
  say(byId("about"), parts.filter(Boolean).join(" · "));
}

// For a POSIX shell: what it would read otherwise is quoted.
const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

function commandOf({ vllm_env: environment, vllm_args: words }) {
  return [...Object.entries(environment).map(([name, value]) => `${name}=${quoted(value)}`), "vllm", ...words.map(quoted)].join(" ");
}

function showCommand(plan) {
  const text = byId("format").value === "args" ? commandOf(plan) : plan.formatted;
  say(byId("command-title"), plan.result.fits === false ? "To copy, though it would not start" : "To copy");
  byId("copy").disabled = !text;
  if (text || plan.result.fits === false) say(byId("command"), text ?? "nothing in this format: it does not fit");
}

export function showAnswer(plan, take) {
  byId("answer").hidden = false;
  showVerdict(plan);
  showAlternatives(plan, take);
  showMemory(plan);
  showSettings(plan);
  showCommand(plan);
  showAbout(plan);
}

// No plan: what is below is the answer before.
export function showRefused(message) {
  byId("verdict").dataset.kind = "refused";
  say(byId("verdict-title"), "No plan for this");
  say(byId("brief"), message);
}

// What a screen reader hears of an answer: one sentence.
export const spoken = (plan) => `${verdictOf(plan)[1]}: ${brief(plan)}`;
