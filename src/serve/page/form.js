// The question as controls. They show a state and report the next one; which plan answers it is not their concern.
import { byId, el, many, say } from "/dom.js";
import { Slider, lengths, numberOf, sequences } from "/sliders.js";
import { environmentOf, environmentText, formats, ranksOf, withGpus } from "/state.js";

const kTensor = ["auto", "1", "2", "4", "8", "16"];
const kPinned = ["pipeline-parallel-size", "data-parallel-size", "policy", "gpu-memory-utilization", "max-num-seqs", "max-num-batched-tokens",
  "quantization", "enforce-eager", "engine-version"];
const kUnknownLength = 131072;  // where a model does not say how long its sequences may be

export class Form {
  #state;
  #devices = [];
  #length = new Slider("length-slider", "token");
  #sequences = new Slider("sequences-slider", "sequence");

  // changed(state, field): a field's name is that of the control that changed.
  constructor(tables, changed) {
    this.options = new Map(tables.options.map((option) => [option.name, option]));
    this.#devices = tables.devices;
    this.changed = changed;
    this.#fill(tables);
    this.#listen();
  }

  #fill({ models, gpus }) {
    byId("models").replaceChildren(...models.map((model) => el("option", { value: model.id })));
    byId("gpu-names").replaceChildren(...gpus.map((gpu) => el("option", { value: gpu.name })));
    byId("kv-dtype").replaceChildren(...choices(this.options.get("kv-cache-dtype")));
    byId("format").replaceChildren(...Object.entries(formats).map(([name, text]) => el("option", { value: name }, text)));
    byId("option-names").replaceChildren(...[...this.options.keys()].map((name) => el("option", { value: name })));
    byId("machine-label").hidden = !this.#devices.length;
    say(byId("machine-text"), `this machine’s: ${this.#devices.map((device) => device.name ?? "unknown").join(", ")}`);
  }

  #listen() {
    const form = byId("question");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", (event) => this.#on(event.target));
    form.addEventListener("input", (event) => { if (isFinal(event.target)) this.#on(event.target); });
    byId("format").addEventListener("change", (event) => this.#put({ format: event.target.value }, "format"));
    byId("add-gpu").addEventListener("click", () => this.#addGpu());
    byId("add-option-button").addEventListener("click", () => this.#addOption());
  }

  #put(change, field) { this.changed({ ...this.#state, ...change }, field); }

  #putOption(name, value) {
    const options = { ...this.#state.options, [name]: value };
    if (value === "") delete options[name];
    this.#put({ options }, name);
  }

  #on(target) {
    if (target.dataset.option) return this.#putOption(target.dataset.option, target.value.trim());
    if (target.dataset.gpu) return this.#put({ gpus: this.#gpusShown() }, `gpu ${target.dataset.gpu}`);
    const by = {
      model: () => this.#put({ model: target.value.trim() }, "model"),
      machine: () => this.#put({ gpus: target.checked ? [] : [{ count: 1, name: this.#devices[0].name ?? "" }] }, "gpus"),
      "length-slider": () => this.#putOption("max-model-len", String(this.#length.value)),
      "length-auto": () => this.#putOption("max-model-len", target.checked ? "" : String(this.#length.value)),
      "sequences-slider": () => this.#putOption("sequences", String(this.#sequences.value)),
      free: () => this.#put({ free: target.value.trim() }, "free"),
      environment: () => this.#put({ environment: environmentOf(target.value) }, "environment"),
    };
    by[target.id]?.();
  }

  #gpusShown() {
    return [...byId("gpus").children].map((row) => {
      const [number, name] = row.querySelectorAll("input");
      return { count: Math.max(1, number.valueAsNumber || 1), name: name.value.trim() };
    });
  }

  #addGpu() {
    this.#put({ gpus: [...this.#state.gpus, { ...(this.#state.gpus.at(-1) ?? { name: "" }), count: 1 }] }, "gpus");
    byId("gpus").lastElementChild.querySelector("[list]").select();
  }

  #removeGpu(at) {
    this.#put({ gpus: this.#state.gpus.filter((_, i) => i !== at) }, "gpus");
    byId("add-gpu").focus();
  }

  #addOption() {
    const name = byId("add-option").value.trim().replace(/^--/, "");
    const option = this.options.get(name);
    if (!option) return this.showRefusal({ where: "add-option", message: `found "${name}", expected the name of an option` });
    byId("add-option").value = "";
    this.#showOptions([name]);
    document.querySelector(`[data-option="${name}"]`).focus();
  }

  show(state, plan) {
    this.#state = state;
    set("model", state.model);
    set("free", state.free);
    set("environment", environmentText(state));
    set("format", state.format);
    this.#showGpus(state);
    this.#showTensor(state.options["tensor-parallel-size"] ?? "1");
    this.#showOptions([...kPinned, ...Object.keys(state.options)]);
    for (const control of document.querySelectorAll("[data-option]"))
      if (control.type !== "radio") setValue(control, state.options[control.dataset.option] ?? "");
    this.showPlan(plan);
  }

  // What the answer adds: how long the model's sequences may be, and what was chosen.
  showPlan(plan) {
    const { options } = this.#state;
    const own = plan?.model.max_model_len ?? kUnknownLength;
    const chosen = plan?.result.max_model_len ?? own;
    const asked = numberOf(options["max-model-len"]);
    this.#length.show(lengths(own), asked || chosen);
    this.#sequences.show(sequences, numberOf(options.sequences) || 1);
    byId("length-auto").checked = !options["max-model-len"] || options["max-model-len"] === "auto";
  }

  #showGpus({ gpus }) {
    byId("machine").checked = !gpus.length;
    byId("add-gpu").hidden = !gpus.length && this.#devices.length > 0;
    const rows = byId("gpus");
    while (rows.children.length > gpus.length) rows.lastElementChild.remove();
    while (rows.children.length < gpus.length) rows.append(this.#gpuRow(rows.children.length));
    gpus.forEach((gpu, at) => {
      const [number, name] = rows.children[at].querySelectorAll("input");
      setValue(number, String(gpu.count));
      setValue(name, gpu.name);
      rows.children[at].querySelector("button").hidden = gpus.length === 1 && !this.#devices.length;
    });
  }

  #gpuRow(at) {
    const remove = el("button", { type: "button", class: "quiet", "aria-label": `Remove GPUs of row ${at + 1}` }, "×");
    remove.addEventListener("click", () => this.#removeGpu(at));
    const number = { type: "number", min: 1, max: 1024, "data-gpu": at, "aria-label": `How many GPUs, row ${at + 1}` };
    const name = { list: "gpu-names", "data-gpu": at, spellcheck: "false", "aria-label": `Kind of GPU or size such as 24GiB, row ${at + 1}` };
    return el("div", { class: "gpu" }, el("input", number), el("span", { "aria-hidden": "true" }, "×"), el("input", name), remove);
  }

  #showTensor(value) {
    const values = kTensor.includes(value) ? kTensor : [...kTensor, value];
    const box = byId("tensor");
    if (box.children.length !== values.length || box.lastElementChild.textContent !== values.at(-1))
      box.replaceChildren(...values.map((choice) => el("label", {},
        el("input", { type: "radio", name: "tensor", value: choice, "data-option": "tensor-parallel-size" }), el("span", {}, choice))));
    for (const radio of box.querySelectorAll("input")) radio.checked = radio.value === value;
  }

  // What is shown once stays, so that a field that is emptied keeps the focus.
  #showOptions(names) {
    const missing = names.filter((name) => this.options.has(name) && !document.querySelector(`[data-option="${name}"]`));
    byId("options").append(...missing.map((name) => optionField(this.options.get(name))));
  }

  // A refusal is shown at the field that it names, where there is one.
  showRefusal(refusal) {
    this.clearRefusal();
    const name = refusal.where.replace(/^--/, "");  // what the engine itself refuses names the option alone
    const where = this.options.has(name) ? `options.${name}` : name;
    const field = [...document.querySelectorAll("[data-where]")].find((one) => covers(one, where));
    if (!field) return;
    const details = field.closest("details");
    if (details) details.open = true;
    field.append(el("p", { class: "error", id: "refusal" }, refusal.message), ...this.#remedy(where));
    for (const control of field.querySelectorAll("input, select, textarea")) mark(control, true);
  }

  #remedy(where) {
    const needed = ranksOf(this.#state), have = this.#state.gpus.reduce((all, gpu) => all + gpu.count, 0) || this.#devices.length;
    if (!where.endsWith("parallel-size") || needed <= have) return [];
    const button = el("button", { type: "button", class: "remedy" }, `Use ${many(needed, "GPU")}`);
    button.addEventListener("click", () => this.#put({ gpus: withGpus(this.#state, this.#devices).gpus }, "gpus"));
    return [button];
  }

  clearRefusal() {
    for (const old of document.querySelectorAll("[data-where] > .error, [data-where] > .remedy")) old.remove();
    for (const control of document.querySelectorAll("[aria-invalid]")) mark(control, false);
  }
}

function mark(control, wrong) {
  const described = (control.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== "refusal");
  if (wrong) control.setAttribute("aria-invalid", "true"); else control.removeAttribute("aria-invalid");
  control.setAttribute("aria-describedby", [...described, ...(wrong ? ["refusal"] : [])].join(" "));
}

const covers = (field, where) => field.dataset.where.split(" ").some((part) => where === part || where.startsWith(`${part}.`));

// A slider that moves, and a name that was picked from a list, need not wait for the field to be left.
const isFinal = (target) => target.type === "range" || (target.list && target.id !== "add-option" && has(target.list, target.value));
const has = (list, value) => [...list.options].some((option) => option.value === value);

function setValue(control, value) {
  if (control.tagName === "SELECT" && !has(control, value)) control.append(el("option", { value }, value));
  if (control.value !== value) control.value = value;
}

const set = (id, value) => setValue(byId(id), value);

function choices(option) {
  const values = option.choices.split("|").map((choice) => el("option", { value: choice }, choice));
  return [el("option", { value: "" }, `default: ${option.default}`), ...values];
}

function optionField(option) {
  const id = `option-${option.name}`, common = { id, "data-option": option.name, "aria-describedby": `${id}-note` };
  const control = option.type === "choice" ? el("select", common, ...choices(option))
    : option.type === "switch" ? el("select", common, ...choices({ ...option, choices: "true|false" }))
      : el("input", { ...common, placeholder: option.default, spellcheck: "false" });
  return el("div", { class: "field", "data-where": `options.${option.name}` },
    el("label", { for: id }, option.name), control, el("p", { class: "note", id: `${id}-note` }, option.help));
}
