// The memory of each card: bars to one scale, the range of utilizations that start, and the numbers as a table.
import { byId, count, el, gib, many, ratio, say, share } from "/dom.js";

const kinds = {
  before: "taken before the start", weights: "weights", activations: "activations", graphs: "CUDA graphs", other: "other", cache: "KV cache",
  outside: "outside the budget",
};

function kindOf(component) {
  if (component.outside_budget) return "outside";
  return ["weights", "activations", "graphs"].includes(component.kind) ? component.kind : "other";
}

// What one card holds after the start, in the order it is taken. Of a plan that does not fit, the binding card shows what is needed.
function cardOf(plan, rank) {
  const device = plan.devices[rank.device] ?? {};
  const total = device.total_bytes ?? null;
  const best = {
    before: total === null ? 0 : total - Math.min(total, rank.free_at_start_bytes ?? total),
    weights: rank.weights_bytes, activations: rank.activation_bytes, graphs: rank.cuda_graph_in_budget ? rank.cuda_graph_bytes : 0,
    other: rank.non_torch_bytes + rank.other_bytes, cache: Math.max(0, rank.kv_cache_bytes), outside: rank.outside_bytes,
  };
  const binding = rank.rank === plan.placement.binding_rank;
  const lacking = plan.result.fits === false && binding;
  if (lacking) best.cache = plan.kv_cache?.required_bytes ?? 0;
  const parts = Object.keys(kinds).map((kind) => ({ kind, name: kinds[kind], best: best[kind], ...boundsOf(rank, kind, best[kind], lacking) }));
  const used = parts.reduce((sum, part) => sum + part.best, 0);
  return { rank, device, total, parts, used, binding, lacking, extent: Math.max(total ?? 0, used) };
}

function boundsOf(rank, kind, best, lacking) {
  if (kind === "cache" && !lacking) return { low: Math.max(0, rank.kv_cache_low_bytes), high: Math.max(0, rank.kv_cache_high_bytes) };
  const own = rank.components.filter((component) => kindOf(component) === kind);
  const spread = (bound) => own.reduce((sum, component) => sum + component[bound] - component.bytes, best);
  return own.length ? { low: Math.max(0, spread("low_bytes")), high: spread("high_bytes") } : { low: best, high: best };
}

const nameOf = (card) => `GPU ${card.device.index ?? card.rank.device}`;

function sentence(card) {
  const parts = card.parts.filter((part) => part.best).map((part) => `${part.name} ${gib(part.best)}`).join(", ");
  return `${nameOf(card)}, ${card.device.name ?? "of unknown kind"}: ${parts} GiB; ${balance(card)}`;
}

function balance(card) {
  if (card.total === null) return `${gib(card.used)} GiB`;
  if (card.used > card.total) return `${gib(card.used)} GiB needed, ${gib(card.used - card.total)} more than the card has`;
  return `${gib(card.total - card.used)} of ${gib(card.total)} GiB stay free`;
}

function segment(part, scale, labelled) {
  const text = `${part.name} ${gib(part.best)}`;
  const out = el("span", { class: `segment ${part.kind}`, title: `${text} GiB` }, labelled ? el("span", { class: "label" }, text) : null);
  out.style.width = share(part.best, scale);
  return out;
}

function bar(card, scale) {
  const out = el("div", { class: "bar", role: "img", "aria-label": sentence(card) });
  let start = 0;
  for (const part of card.parts.filter((one) => one.best > 0)) {
    const inside = Math.min(part.best, (card.total ?? Infinity) - start);  // a label does not reach over the card's edge
    out.append(segment(part, scale, inside === part.best || inside > 0.45 * scale));
    start += part.best;
  }
  if (card.total !== null) out.append(...edge(card, scale));
  if (!card.lacking && card.total !== null) out.append(...whisker(card, scale));
  return out;
}

function placed(element, from, to, scale) {
  element.style.left = share(from, scale);
  element.style.width = share(to - from, scale);
  return element;
}

// The card itself, under what it holds; beyond its end lies what is too much.
function edge(card, scale) {
  const frame = placed(el("span", { class: "frame" }), 0, card.total, scale);
  return card.used > card.total ? [frame, placed(el("span", { class: "beyond" }), card.total, card.used, scale)] : [frame];
}

// Where the cache may begin: what is before it is known within bounds only, and the cache gets the rest.
function whisker(card, scale) {
  const cache = card.parts.find((part) => part.kind === "cache");
  if (cache.high <= cache.low) return [];
  const end = card.parts.slice(0, card.parts.indexOf(cache) + 1).reduce((sum, part) => sum + part.best, 0);
  const line = el("span", { class: "whisker", title: `KV cache ${gib(cache.low)} to ${gib(cache.high)} GiB` });
  return [placed(line, end - cache.high, end - cache.low, scale)];
}

function cardHead(name, device, text) {
  return el("p", { class: "card-head" }, el("strong", {}, name), ` ${device.name ?? "unknown"}`, el("span", {}, text));
}

function cardRow(card, scale) {
  const head = cardHead(nameOf(card), card.device, balance(card));
  head.setAttribute("aria-hidden", "true");  // the bar's own text says the same
  return el("div", { class: "card" }, head, bar(card, scale));
}

function unusedRow(unused, plan, scale) {
  const device = plan.devices[unused.device] ?? {};
  const frame = placed(el("span", { class: "frame" }), 0, device.total_bytes ?? 0, scale);
  return el("div", { class: "card unused" }, cardHead(`GPU ${device.index ?? unused.device}`, device, `not used: ${unused.reason}`),
    el("div", { class: "bar", "aria-hidden": "true" }, frame));
}

// What the policy `balanced` does: src/plan/policy.cpp.
const kStrategies = [
  { name: "conservative", from: 0.5, to: 0.75, when: "under 70 % of the card is needed", gets: "the need and 20 points, 0.50 to 0.75" },
  { name: "standard", from: 0.75, to: 0.88, when: "under 100 %", gets: "0.88" },
  { name: "aggressive", from: 0.88, to: 0.95, when: "more", gets: "0.95" },
];

// One axis of utilization, as long as the binding card's bar: where the engine starts, what was chosen, the three zones.
function showLanes(plan, card, scale) {
  const { gpu_memory_utilization: chosen, utilization_min: least, utilization_max: most, strategy } = plan.result;
  const lanes = byId("lanes");
  byId("window").hidden = !card?.total || chosen === null || least === null;
  lanes.hidden = byId("window").hidden || least > most;
  if (byId("window").hidden) return;
  say(byId("window"), least <= most ? `The engine starts with a utilization from ${ratio(least)} to ${ratio(most)}; chosen: ${ratio(chosen)}`
    : `${nameOf(card)} would need a utilization of ${ratio(least)}, and can give ${ratio(most)}`);
  if (lanes.hidden) return;
  const axis = el("div", { class: "axis" });
  axis.style.width = share(card.total, scale);
  axis.append(placed(el("span", { class: "starts" }), least, most, 1));
  for (const zone of kStrategies) axis.append(placed(zoneOf(zone, strategy), zone.from, zone.to, 1));
  axis.append(placed(el("span", { class: "chosen" }), chosen, chosen, 1));
  lanes.replaceChildren(axis);
}

const zoneOf = ({ name }, strategy) =>
  el("span", { class: `zone ${name}`, "data-chosen": name === strategy }, el("span", { class: "label" }, name));

function showStrategies({ result, workload }) {
  byId("strategies").replaceChildren(...kStrategies.map(({ name, when, gets }) => el("li", { "aria-current": name === result.strategy && "true" },
    el("strong", {}, el("span", { class: `swatch ${name}` }), name), el("span", {}, `${when}: ${gets}`))));
  byId("strategies").hidden = result.fits === false || workload.policy !== "balanced" || workload.gpu_memory_utilization > 0;
}

function row(kind, name, amounts, source) {
  const cells = amounts.map((bytes) => el("td", {}, bytes === null ? "" : gib(bytes)));
  return el("tr", {}, el("th", { scope: "row" }, el("span", { class: `swatch ${kind}` }), name), ...cells,
    source === undefined ? null : el("td", { class: "text" }, source));
}

function showTables(card, cards) {
  const table = byId("kinds"), left = card.total - card.used;
  say(table.caption, cards.length > 1 ? `${nameOf(card)}, where most is needed, of ${count(cards.length)}` : nameOf(card));
  table.tBodies[0].replaceChildren(
    ...card.parts.filter((part) => part.best || part.high).map((part) => row(part.kind, part.name, [part.best, part.low, part.high])),
    ...(card.total === null ? [] : [row("free", left < 0 ? "missing" : "free", [Math.abs(left), null, null])]));
  byId("components").tBodies[0].replaceChildren(...card.rank.components.map((component) =>
    row(kindOf(component), component.name, [component.bytes, component.low_bytes, component.high_bytes], component.source)));
}

function showBrief(card) {
  const small = card ? bar(card, card.extent || 1) : "";
  if (card) for (const name of ["role", "aria-label"]) small.removeAttribute(name);
  byId("brief-bar").replaceChildren(small);
}

export function showMemory(plan) {
  const cards = plan.placement ? plan.ranks.map((rank) => cardOf(plan, rank)) : [];
  const unused = plan.placement?.unused ?? [];
  const scale = Math.max(1, ...cards.map((card) => card.extent), ...unused.map((one) => plan.devices[one.device]?.total_bytes ?? 0));
  const main = cards.find((card) => card.binding) ?? cards[0];
  byId("cards").replaceChildren(...cards.map((card) => cardRow(card, scale)), ...unused.map((one) => unusedRow(one, plan, scale)));
  byId("cards").className = cards.length > 2 ? "several" : "";
  showLanes(plan, main, scale);
  showStrategies(plan);
  showBrief(main);
  if (main) showTables(main, cards);
  byId("memory").hidden = !main;
  say(byId("memory-title"), cards.length > 1 ? `Memory of ${many(cards.length, "card")}` : "Memory of the card");
}
