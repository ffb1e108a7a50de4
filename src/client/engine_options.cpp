#include "client/engine_options.hpp"

#include <algorithm>
#include <cctype>

#include "client/dotted.hpp"
#include "client/option_table.hpp"

namespace client {
namespace {

constexpr std::size_t kLongestText = 4096;  // of the table's options

// "-1" and "-.5" are values.
bool is_option(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && !std::isdigit(static_cast<unsigned char>(word[1])) && word[1] != '.';
}

bool is_secret(const std::string& name) { return name == "api-key" || name == "hf-token"; }

struct Word {
  std::string flag;   // "--max-model-len", as it was written
  std::string field;  // of JSON: "mode" in --compilation-config.mode
  std::string value;
  bool has_value = false;  // after '='
  NamedOption option;
};

// A number may follow a short name without a space: -tp2, -O3.
NamedOption short_option(Word& word) {
  const auto name = word.flag.substr(1);
  if (const auto exact = option_of_short_name(name)) return exact;
  const auto digit = name.find_first_of("0123456789");
  const auto found = digit == name.npos || word.has_value ? NamedOption() : option_of_short_name(name.substr(0, digit));
  if (found) word.value = name.substr(digit), word.has_value = true;
  return found;
}

Word parsed(const std::string& text) {
  Word out;
  const auto equals = text.find('=');
  out.flag = text.substr(0, equals);
  out.has_value = equals != text.npos;
  if (out.has_value) out.value = text.substr(equals + 1);
  if (const auto dot = out.flag.find('.'); dot != out.flag.npos) {
    out.field = out.flag.substr(dot + 1);
    out.flag.resize(dot);
  }
  if (!out.field.empty()) std::replace(out.flag.begin(), out.flag.end(), '_', '-');
  out.option = out.flag.rfind("--", 0) == 0 ? option_named(out.flag.substr(2)) : short_option(out);
  if (!out.field.empty() && out.option.type != kJson) out.option = {};
  return out;
}

class Reader {
 public:
  explicit Reader(const std::vector<std::string>& words) : words_(words) {}

  EngineOptions read() {
    while (at_ < words_.size()) read_one();
    for (const auto& [flag, name, json] : dotted_) out_.set.emplace_back(name, json.text());  // after a whole one, as in vLLM
    return std::move(out_);
  }

 private:
  void read_one() {
    const auto& text = words_[at_++];
    if (!is_option(text) || text == "--")
      throw Failure{kUsage, text.substr(0, 100),
                    "is one word too many, expected an option of the engine; the model is --model-path"};
    auto word = parsed(text);
    if (!word.option) return pass_on(text, word);
    if (is_secret(word.option.name)) return take(out_.secret, text, word);
    if (word.option.is_switch()) return add_switch(word);
    if (word.option.type == kText || word.option.type == kWords) return add_text(text, word);
    if (!word.has_value) word.value = next_value(word.flag);
    if (word.field.empty()) return void(out_.set.emplace_back(word.option.name, word.value));
    dotted(word).set(word.field, word.value);
  }

  void add_switch(const Word& word) {
    out_.set.emplace_back((word.option.negated ? "no-" : "") + std::string(word.option.name), word.has_value ? word.value : "true");
  }

  // As many values as there are, which the table takes with commas between, or a line each.
  void add_text(const std::string& text, const Word& word) {
    EngineOptions::Kept kept{word.option.name, {text}};
    const char* between = word.option.type == kWords ? "\n" : ",";
    std::string value = word.value;
    if (!word.has_value) {
      value = next_value(word.flag);
      kept.words.push_back(value);
      while (at_ < words_.size() && !is_option(words_[at_])) value += between + words_[at_], kept.words.push_back(words_[at_++]);
    }
    if (value.size() > kLongestText) {  // a template, say: nothing that takes memory
      out_.unknown.insert(out_.unknown.end(), kept.words.begin(), kept.words.end());
      return;
    }
    out_.set.emplace_back(word.option.name, value);
    // A list in one word, "=1,2,4", is several to the table and to the plan, but one to vLLM.
    if (word.option.type != kWords || !word.has_value || value[0] == '-') out_.kept.push_back(std::move(kept));
  }

  void pass_on(const std::string& text, const Word& word) {
    const auto name = word.flag.substr(std::min<std::size_t>(word.flag.size(), 2));
    if (word.flag == "--model") throw Failure{kUsage, "--model", "is given by --model-path"};
    if (const auto longer = word.flag.rfind("--", 0) || name.empty() ? NamedOption() : option_abbreviated(name))
      throw Failure{kUsage, word.flag, std::string("is an abbreviation, expected --") + longer.name + " in full"};
    take(out_.unknown, text, word);
  }

  // With all that may be its values.
  void take(std::vector<std::string>& out, const std::string& text, const Word& word) {
    out.push_back(text);
    while (!word.has_value && at_ < words_.size() && !is_option(words_[at_])) out.push_back(words_[at_++]);
  }

  const std::string& next_value(const std::string& flag) {
    if (at_ == words_.size() || is_option(words_[at_]))
      throw Failure{kUsage, flag,
                    at_ == words_.size() ? "found nothing after it, expected a value"
                                         : "found " + words_[at_].substr(0, 100) + ", expected a value"};
    return words_[at_++];
  }

  // Of -cc and --compilation-config, each of which is whole to vLLM, the last counts.
  DottedJson& dotted(const Word& word) {
    for (auto& one : dotted_)
      if (one.flag == word.flag) return one.json;
    return dotted_.emplace_back(Dotted{word.flag, word.option.name, {}}).json;
  }

  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  EngineOptions out_;
  struct Dotted {
    std::string flag, name;
    DottedJson json;
  };
  std::vector<Dotted> dotted_;
};

}  // namespace

EngineOptions read_engine_options(const std::vector<std::string>& words) { return Reader(words).read(); }

}  // namespace client
