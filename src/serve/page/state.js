// What is asked: one object, its form in the address (so that a link can be shared), and as the service takes it.
//   {model, gpus: [{count, name}] (none: this machine's), free, environment: [[name, value]], options: {name: text}, format}
export const formats = {
  args: "command line", env: "environment file", yaml: "vLLM’s --config file", docker: "Docker", kubernetes: "Kubernetes", ray: "Ray Serve",
};

export const empty = () => ({ model: "", gpus: [], free: "", environment: [], options: {}, format: "args" });

export const initial = () => ({
  ...empty(),
  model: "Qwen/Qwen3-8B",
  gpus: [{ count: 1, name: "NVIDIA GeForce RTX 4090" }],
  options: { "max-model-len": "16384", "tensor-parallel-size": "auto" },
});

function gpuOf(text) {
  const found = /^\s*(\d{1,4})\s*x\s*(.*)$/i.exec(text);
  return found ? { count: Number(found[1]), name: found[2] } : { count: 1, name: text };
}

const gpuText = (gpu) => `${gpu.count}x ${gpu.name}`;

function pairOf(text) {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

export const environmentText = (state) => state.environment.map((pair) => pair.join("=")).join("\n");
export const environmentOf = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean).map(pairOf);

export function toFragment(state) {
  const out = new URLSearchParams({ model: state.model });
  for (const gpu of state.gpus) out.append("gpu", gpuText(gpu));
  if (state.free) out.set("free", state.free);
  for (const name of Object.keys(state.options).sort()) out.set(name, state.options[name]);
  for (const pair of state.environment) out.append("env", pair.join("="));
  if (state.format !== "args") out.set("format", state.format);
  return out.toString().replaceAll("%2F", "/").replaceAll("%3A", ":");
}

// `types`: Map of the service's options to their types. What is no option is left out.
export function fromFragment(text, types) {
  const read = new URLSearchParams(text.replace(/^#/, ""));
  if (!read.has("model")) return null;
  const out = empty();
  out.model = read.get("model");
  out.gpus = read.getAll("gpu").map(gpuOf);
  out.free = read.get("free") ?? "";
  out.environment = read.getAll("env").map(pairOf);
  if (Object.hasOwn(formats, read.get("format") ?? "")) out.format = read.get("format");
  for (const [name, value] of read) if (types.has(name) && name !== "env") out.options[name] = value;
  return out;
}

function typed(type, text) {
  if (type === "switch") return text === "true";
  const number = text.trim() === "" ? NaN : Number(text);
  if (type === "integer" ? Number.isSafeInteger(number) : type === "number" && Number.isFinite(number)) return number;
  return text;
}

export function requestOf(state, types) {
  const out = { model: state.model.trim() };
  if (state.gpus.length) out.gpus = state.gpus.map(gpuText);
  if (state.free) out.free = state.free;
  out.options = Object.fromEntries(Object.entries(state.options).map(([name, text]) => [name, typed(types.get(name), text)]));
  if (state.environment.length) out.environment = Object.fromEntries(state.environment);
  if (state.format !== "args") out.format = state.format;
  return out;
}

// Where an alternative needs more GPUs, it counts on ones like the first.
export const addsGpus = (change) => "tensor_parallel_size" in change && !("pipeline_parallel_size" in change);

// An alternative of the answer, taken. What the plan chose by itself stays as it chose it.
export function applied(state, change, plan) {
  const options = { ...state.options }, { env = {}, ...more } = change;
  for (const axis of ["tensor", "pipeline", "data"]) {
    const name = `${axis}-parallel-size`;
    if (options[name] === "auto") options[name] = String(plan.workload[name.replaceAll("-", "_")]);
  }
  for (const [name, value] of Object.entries(more)) options[name.replaceAll("_", "-")] = String(value);
  const out = { ...state, options };
  // Which GPUs, in which order, is chosen by the plan only: it is left to it, and with it the layers of each.
  if (env.CUDA_VISIBLE_DEVICES) return { ...out, options: { ...options, "pipeline-parallel-size": "auto" } };
  out.environment = Object.entries({ ...Object.fromEntries(state.environment), ...env });
  return addsGpus(change) ? withGpus(out, plan.devices) : out;
}

export const ranksOf = (state) =>
  ["tensor", "pipeline", "data"].reduce((all, axis) => all * (Number(state.options[`${axis}-parallel-size`]) || 1), 1);

// As many GPUs as the layout has ranks, all like the first.
export function withGpus(state, devices) {
  const name = devices[0]?.name ?? state.gpus[0]?.name;
  return name ? { ...state, gpus: [{ count: ranksOf(state), name }] } : state;
}
