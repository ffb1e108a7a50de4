// The comparison for people, programs and spreadsheets.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <tuple>

#include "client/json_text.hpp"
#include "compare.hpp"

namespace cli {
namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024;

// Rows of one class are worth as much; classes rise from the best.
int class_of(const Row& row) {
  if (row.refused) return 4;
  if (row.plan.fits == 0) return 3;
  if (row.plan.fits == 2) return 2;
  return row.plan.margin == VRAMAUTO_MARGIN_COMFORTABLE ? 0 : 1;
}

const char* verdict(const Row& row) {
  constexpr const char* kWords[] = {"yes", "thin", "not known", "no", "refused"};
  return kWords[class_of(row)];
}

std::string number(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string count(std::uint64_t value) { return value == VRAMAUTO_UNKNOWN ? "" : std::to_string(value); }

std::string layout(const Row& row) {
  auto out = "TP" + std::to_string(row.plan.tensor_parallel_size);
  if (row.plan.pipeline_parallel_size > 1) out += " PP" + std::to_string(row.plan.pipeline_parallel_size);
  if (row.plan.data_parallel_size > 1) out += " DP" + std::to_string(row.plan.data_parallel_size);
  return out;
}

struct Column {
  const char* name;  // of the JSON and the CSV
  const char* head;  // of the text; nullptr: not in it
  bool is_text;
  std::string (*of)(const Row&);  // "": not known
};
constexpr Column kColumns[] = {
    {"fits", "fits", true, [](const Row& row) { return std::string(verdict(row)); }},
    {"layout", "layout", true, [](const Row& row) { return row.refused ? std::string() : layout(row); }},
    {"needs", "needs", false,
     [](const Row& row) { return row.plan.utilization_min > 0 ? number(row.plan.utilization_min, 4) : ""; }},
    {"gpu_memory_utilization", "utilization", false,
     [](const Row& row) { return row.plan.gpu_memory_utilization > 0 ? number(row.plan.gpu_memory_utilization, 4) : ""; }},
    {"max_model_len", "max len", false, [](const Row& row) { return row.refused ? std::string() : count(row.plan.max_model_len); }},
    {"kv_cache_tokens", "tokens", false,
     [](const Row& row) { return row.refused ? std::string() : count(row.plan.kv_cache_tokens); }},
    {"max_concurrency", "at once", false,
     [](const Row& row) { return row.plan.max_concurrency > 0 ? number(row.plan.max_concurrency, 2) : ""; }},
    {"spare_gib", "spare GiB", false, [](const Row& row) { return row.spare_bytes < 0 ? "" : number(row.spare_bytes / kGiB, 2); }},
    {"reason", nullptr, true, [](const Row& row) { return row.reason; }},
};

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == text.npos) return text;
  std::string out = "\"";
  for (const char c : text) out.append(c == '"' ? "\"\"" : std::string(1, c));
  return out + '"';
}

std::string underscored(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// Characters, not bytes: the columns of a terminal, near enough.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

using Line = std::vector<std::string>;

std::vector<Line> lines_of(const Comparison& all) {
  std::vector<Line> out(1, {"model", "GPUs"});
  for (const auto& [name, value] : all.settings[0].values) out[0].push_back(name);
  for (const auto& column : kColumns)
    if (column.head) out[0].emplace_back(column.head);
  for (const auto& row : all.rows) {
    auto& line = out.emplace_back(Line{all.models[row.model], all.machines[row.machine].label});
    for (const auto& [name, value] : all.settings[row.setting].values) line.push_back(value);
    for (const auto& column : kColumns)
      if (column.head) line.push_back(column.of(row));
  }
  return out;
}

}  // namespace

void sort_rows(Comparison& comparison) {
  const auto key = [](const Row& row) { return std::tuple(class_of(row), row.spare_bytes, row.model, row.machine, row.setting); };
  auto& rows = comparison.rows;
  std::vector<std::size_t> order(rows.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(rows[a]) < key(rows[b]); });
  std::vector<Row> sorted;
  sorted.reserve(rows.size());
  for (const auto at : order) sorted.push_back(std::move(rows[at]));
  rows = std::move(sorted);
}

std::string compare_text(const Comparison& comparison) {
  const auto lines = lines_of(comparison);
  std::vector<std::size_t> widths(lines[0].size(), 0);
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width(line[i]));
  std::string out;
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      out += line[i];
      if (i + 1 < line.size()) out.append(widths[i] - width(line[i]) + 2, ' ');
    }
    while (out.back() == ' ') out.pop_back();
    out += '\n';
  }
  std::set<std::string> reasons;  // each once, below the table: they are too long for it
  for (const auto& row : comparison.rows)
    if (row.refused && reasons.insert(row.reason).second) out += "refused: " + row.reason + '\n';
  return out;
}

std::string compare_json(const Comparison& comparison) {
  std::string out = "{\"schema\": \"vramauto.compare/1\", \"rows\": [\n";
  for (std::size_t i = 0; i < comparison.rows.size(); ++i) {
    const auto& row = comparison.rows[i];
    out += "{\"model\": " + json_string(comparison.models[row.model]) +
           ", \"gpus\": " + json_string(comparison.machines[row.machine].label) + ", \"options\": {";
    const auto& values = comparison.settings[row.setting].values;
    for (std::size_t v = 0; v < values.size(); ++v)
      out += (v ? ", " : "") + json_string(underscored(values[v].first)) + ": " + json_string(values[v].second);
    out += "}";
    for (const auto& column : kColumns) {
      const auto value = column.of(row);
      out += std::string(", \"") + column.name + "\": " + (value.empty() ? "null" : column.is_text ? json_string(value) : value);
    }
    out += i + 1 < comparison.rows.size() ? "},\n" : "}\n";
  }
  return out + "]}\n";
}

namespace {

// A value that was asked for stands beside what the plan made of it, which has the name.
std::string csv_name(const std::string& option) {
  const auto name = underscored(option);
  const bool taken =
      std::any_of(std::begin(kColumns), std::end(kColumns), [&](const Column& column) { return name == column.name; });
  return taken ? "asked_" + name : name;
}

}  // namespace

std::string compare_csv(const Comparison& comparison) {
  std::string out = "model,gpus";
  for (const auto& [name, value] : comparison.settings[0].values) out.append(1, ',').append(csv_name(name));
  for (const auto& column : kColumns) out += std::string(",") + column.name;
  out += '\n';
  for (const auto& row : comparison.rows) {
    out += csv_field(comparison.models[row.model]) + "," + csv_field(comparison.machines[row.machine].label);
    for (const auto& [name, value] : comparison.settings[row.setting].values) out.append(1, ',').append(csv_field(value));
    for (const auto& column : kColumns) out.append(1, ',').append(csv_field(column.of(row)));
    out += '\n';
  }
  return out;
}

}  // namespace cli
