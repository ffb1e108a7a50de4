#include "client/dotted.hpp"

#include <algorithm>
#include <cctype>

#include "client/json_text.hpp"
#include "client/library.hpp"

namespace client {
namespace {

constexpr std::size_t kDeepest = 16;

std::size_t digits(const std::string& text, std::size_t at) {
  std::size_t count = 0;
  while (at + count < text.size() && std::isdigit(static_cast<unsigned char>(text[at + count]))) ++count;
  return count;
}

// RFC 8259, 6.
bool is_number(const std::string& text) {
  std::size_t at = text.rfind('-', 0) == 0;
  const auto whole = digits(text, at);
  if (whole == 0 || (whole > 1 && text[at] == '0')) return false;
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const auto fraction = digits(text, ++at);
    if (fraction == 0) return false;
    at += fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    at += at < text.size() && (text[at] == '+' || text[at] == '-');
    const auto exponent = digits(text, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == text.size();
}

// 007 is 7 to Python's int(), and no JSON.
std::string whole_number(const std::string& text) {
  const std::size_t sign = !text.empty() && (text[0] == '-' || text[0] == '+');
  const auto count = digits(text, sign);
  if (count == 0 || sign + count != text.size()) return "";
  const auto first = std::min(text.find_first_not_of('0', sign), text.size() - 1);
  return (text[0] == '-' ? "-" : "") + text.substr(first);
}

// 1k is 1,000 and 1K 1,024 (vLLM 0.33, utils/argparse_utils.py, human_readable_int); "" for what is no such number.
std::string readable_number(const std::string& text) {
  static const std::string kPowers = "kmgt";
  if (text.size() < 2 || text.size() > 10) return "";
  const auto power = kPowers.find(static_cast<char>(std::tolower(static_cast<unsigned char>(text.back()))));
  const bool decimal = std::islower(static_cast<unsigned char>(text.back())) != 0;
  const auto number = text.substr(0, text.size() - 1);
  if (power == kPowers.npos || !is_number(number) || number[0] == '-') return "";
  if (!decimal && digits(number, 0) != number.size()) return "";
  double out = std::stod(number);
  for (std::size_t i = 0; i <= power; ++i) out *= decimal ? 1000 : 1024;
  return out < 9e15 ? std::to_string(static_cast<unsigned long long>(out)) : "";
}

// JSON where it is some, else a number as people write it, else a text.
std::string value_of(const std::string& text) {
  if (text == "true" || text == "false" || text == "null" || is_number(text)) return text;
  if (!text.empty() && (text[0] == '{' || text[0] == '[' || text[0] == '"')) return text;
  if (const auto whole = whole_number(text); !whole.empty()) return whole;
  const auto number = readable_number(text);
  return number.empty() ? json_string(text) : number;
}

std::string list_of(const std::string& text) {
  std::string out = "[";
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(',', at), text.size());
    out += (at ? ", " : "") + json_string(text.substr(at, end - at));
    at = end + 1;
  }
  return out + "]";
}

}  // namespace

void DottedJson::set(const std::string& path, const std::string& value) {
  auto* fields = &fields_;
  Field* field = nullptr;
  const bool adds = !path.empty() && path.back() == '+';
  const auto whole = path.substr(0, path.size() - adds);
  std::size_t depth = 0;
  for (std::size_t at = 0; at <= whole.size(); ++depth) {
    const auto end = std::min(whole.find('.', at), whole.size());
    const auto name = whole.substr(at, end - at);
    if (name.empty() || depth == kDeepest)
      throw Failure{kUsage, path.substr(0, 100), "expected names of at most 16 fields, one in the other, separated by dots"};
    auto known = std::find_if(fields->begin(), fields->end(), [&](const Field& one) { return one.name == name; });
    if (known == fields->end()) known = fields->insert(known, {name, "", {}});
    field = &*known;
    fields = &field->fields;
    at = end + 1;
  }
  auto text = adds ? list_of(value) : value_of(value);
  const bool longer = adds && !field->value.empty() && field->value[0] == '[' && field->value.size() > 2;
  field->value = longer ? field->value.substr(0, field->value.size() - 1) + ", " + text.substr(1) : text;
  field->fields.clear();
}

void DottedJson::write(std::string& out, const std::vector<Field>& fields) {
  out += '{';
  for (const auto& field : fields) {
    out += (&field == fields.data() ? "" : ", ") + json_string(field.name) + ": ";
    if (field.fields.empty())
      out += field.value;
    else
      write(out, field.fields);
  }
  out += '}';
}

std::string DottedJson::text() const {
  std::string out;
  write(out, fields_);
  return out;
}

}  // namespace client
