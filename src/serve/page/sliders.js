// Sliders whose steps are as far apart as their values are large.
import { byId, many } from "/dom.js";

// Four steps from one power of two to the next, up to the model's own length.
export function lengths(most) {
  const out = [];
  for (let base = 256; base < most; base *= 2)
    for (const quarter of [4, 5, 6, 7]) if (base * quarter / 4 < most) out.push(base * quarter / 4);
  return [...out, most];
}

export const sequences = [1, 2, 3, 4, ...[4, 8, 16, 32, 64, 128, 256, 512].flatMap((base) => [base * 1.5, base * 2])];

// "32k" is 32,000 and "32K" 32,768, as for vLLM; NaN for what is no number.
export function numberOf(text) {
  const found = /^\s*(\d+)\s*([kKmM]?)\s*$/.exec(text ?? "");
  return found ? Number(found[1]) * { "": 1, k: 1000, K: 1024, m: 1e6, M: 2 ** 20 }[found[2]] : NaN;
}

export class Slider {
  #input;
  #noun;
  steps = [1];

  constructor(id, noun) {
    this.#input = byId(id);
    this.#noun = noun;
  }

  get value() { return this.steps[this.#input.valueAsNumber]; }

  show(steps, value) {
    this.steps = steps;
    this.#input.max = steps.length - 1;
    const at = steps.findIndex((step) => step >= value);
    if (this.value !== value || this.#input.valueAsNumber !== at) this.#input.value = at < 0 ? steps.length - 1 : at;
    this.#input.setAttribute("aria-valuetext", many(value, this.#noun));
  }
}
