// The answer in words: whether it fits, what would, the settings, and what to copy.
import { byId, count, el, gib, kib, many, ratio, say } from "/dom.js";
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
  const parts = [utilization === null ? null : `utilization ${ratio(utilization)}`, tokens ? many(tokens, "token") : null,
    concurrency ? `${concurrency.toFixed(2)} at once` : null];
  return parts.filter(Boolean).join(" · ");
}

const brief = ({ result, kv_cache: cache }) => (result.fits === false ? `needs ${share(result.utilization_min)} of the card`
  : gains(result.gpu_memory_utilization, cache?.tokens, cache?.max_concurrency));
const share = (part) => (part === null ? "more" : `${count(100 * part)} %`);

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
  const words = [settings(alternative.change), gain].map((text) => el("span", {}, text));
  const button = el("button", { type: "button" }, el("strong", {}, changes(alternative.change, plan)), ...words);
  button.addEventListener("click", () => take(alternative.change));
  return button;
}

// Redrawn only when they differ, so that a button under a finger or with the focus stays.
function showAlternatives(plan, take) {
  const { result } = plan, section = byId("alternatives"), all = result.alternatives.filter((one) => one.fits);
  section.hidden = !all.length;
  say(byId("alternatives-title"), result.fits ? "Also possible" : "What would fit");
  const key = JSON.stringify([result.fits, all, plan.devices[0]?.name]);
  if (section.dataset.key === key) return;
  if (result.fits) byId("about").before(section); else byId("short").after(section);
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
    ? [["utilization it needs", known(result.utilization_min, ratio)], ["the card can give", known(result.utilization_max, ratio)], length]
    : [["gpu-memory-utilization", known(result.gpu_memory_utilization, ratio)], length,
      ["tokens in the cache", known(cache?.tokens, count)], ["sequences at once", known(cache?.max_concurrency, (n) => n.toFixed(2))]]));
  const started = (value, text) => (result.fits === false ? null : known(value, text));
  const axes = ["tensor", "pipeline", "data"].map((axis) => [axis, workload[`${axis}_parallel_size`]]);
  const layout = axes.filter(([axis, size]) => size > 1 || axis === "tensor");
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
  const size = model.parameters ? `${(model.parameters / 1e9).toFixed(2)} billion parameters` : null;
  const parts = [model.id ?? model.path, model.architecture, size, `from ${model.source}`,
    engine ? `${engine.name} ${engine.version}` : "rule of thumb", `vramauto ${vramauto}`];
  say(byId("about"), parts.filter(Boolean).join(" · "));
}

// For a POSIX shell: what it would read otherwise is quoted.
const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

function commandOf({ vllm_env: environment, vllm_args: words }) {
  const before = Object.entries(environment).map(([name, value]) => `${name}=${quoted(value)}`);
  return [...before, "vllm", ...words.map(quoted)].join(" ");
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
