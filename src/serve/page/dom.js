// Elements and numbers. Text is always text: nothing here parses markup.
export const byId = (id) => document.getElementById(id);

// el("td", {class: "number", hidden: true}, "1.00"); an attribute that is false, null or undefined is not set.
export function el(tag, attributes = {}, ...children) {
  const out = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) out.setAttribute(name, "");
    else if (value !== undefined && value !== null && value !== false) out.setAttribute(name, value);
  }
  out.append(...children.filter((child) => child !== null && child !== undefined));
  return out;
}

// Changes the text only where it differs: what is selected stays selected, and nothing is announced twice.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const kGiB = 2 ** 30;
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const fraction = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 4 });
export const ratio = (number) => fraction.format(number);  // a utilization
export const gib = (bytes) => (bytes / kGiB).toFixed(2);
export const kib = (bytes) => (bytes / 1024).toFixed(1);
export const count = (number) => whole.format(number);
export const share = (part, all) => `${(100 * part / all).toFixed(3)}%`;
export const many = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
