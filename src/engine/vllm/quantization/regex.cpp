#include "engine/vllm/quantization/regex.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "support/text.hpp"

namespace vramauto::engine::vllm::quantization {
namespace {

constexpr auto kWhere = "quantization_config";
constexpr std::size_t kMostCharacters = 512, kMostSteps = 2048;
constexpr int kMostLevels = 16, kMostLooks = 4, kMostRepeats = 256;

using Set = std::array<std::uint64_t, 4>;  // a bit for each byte

constexpr bool holds(const Set& set, int byte) { return set[static_cast<std::size_t>(byte) / 64] >> (byte % 64) & 1; }

constexpr Set operator|(Set left, const Set& right) {
  for (std::size_t i = 0; i < left.size(); ++i) left[i] |= right[i];
  return left;
}

constexpr Set operator~(Set set) {
  for (auto& word : set) word = ~word;
  return set;
}

constexpr Set range(int first, int last) {
  Set out{};
  for (int c = first; c <= last; ++c) out[static_cast<std::size_t>(c) / 64] |= std::uint64_t{1} << (c % 64);
  return out;
}

constexpr Set kDigits = range('0', '9');
constexpr Set kWords = range('a', 'z') | range('A', 'Z') | kDigits | range('_', '_');
constexpr Set kSpaces = range('\t', '\r') | range(' ', ' ');

// The class that a letter after a backslash names.
std::optional<Set> class_of(char letter) {
  switch (letter) {
    case 'd':
      return kDigits;
    case 'D':
      return ~kDigits;
    case 'w':
      return kWords;
    case 'W':
      return ~kWords;
    case 's':
      return kSpaces;
    case 'S':
      return ~kSpaces;
    default:
      return std::nullopt;
  }
}

// The character that a letter after a backslash stands for: punctuation for itself, few letters for control characters.
std::optional<char> escaped(char letter) {
  constexpr std::string_view kLetters = "tnrfv", kMeant = "\t\n\r\f\v";
  if (const auto at = kLetters.find(letter); at != std::string_view::npos) return kMeant[at];
  if (holds(kWords, static_cast<unsigned char>(letter)) && letter != '_') return std::nullopt;
  return letter;
}

}  // namespace

class RegexCompiler {
 public:
  explicit RegexCompiler(std::string_view pattern) : pattern_(pattern) {}

  Result<Regex> run() {
    if (pattern_.size() > kMostCharacters) return too_large();
    TRY(alternatives());
    if (at_ < pattern_.size()) return unknown();  // a ")" without "("
    TRY(emit(Op::match));
    return std::move(out_);
  }

 private:
  using Op = Regex::Op;
  using Step = Regex::Step;

  Unexpected too_large() const {
    return fail(VRAMAUTO_E_LIMIT, kWhere,
                "the regular expression \"{}\" is too large: expected at most {} characters, {} levels, {} looks ahead, repetitions of "
                "{} and {} steps",
                text::shown(pattern_), kMostCharacters, kMostLevels, kMostLooks, kMostRepeats, kMostSteps);
  }
  Unexpected unknown() const {
    return fail(VRAMAUTO_E_FORMAT, kWhere, "\"{}\" is no regular expression of the kind known here, at character {}",
                text::shown(pattern_), at_ + 1);
  }

  bool done() const { return at_ == pattern_.size(); }
  bool next_is(char c) const { return !done() && pattern_[at_] == c; }
  bool take(std::string_view text) {
    if (!pattern_.substr(at_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  std::int32_t here() const { return static_cast<std::int32_t>(out_.steps_.size()); }

  Result<void> emit(Op op, std::int32_t value = 0) {
    if (out_.steps_.size() >= kMostSteps) return too_large();
    out_.steps_.push_back({op, value, 0});
    return {};
  }
  Result<void> emit_set(const Set& set) {
    out_.sets_.push_back(set);
    return emit(Op::set, static_cast<std::int32_t>(out_.sets_.size() - 1));
  }
  // A step in front of the piece that begins at `from`: nothing inside a piece points out of it.
  Result<void> emit_before(std::int32_t from, Step step) {
    if (out_.steps_.size() >= kMostSteps) return too_large();
    out_.steps_.insert(out_.steps_.begin() + from, step);
    return {};
  }

  Result<void> alternatives() {
    if (++level_ > kMostLevels) return too_large();
    const auto from = here();
    TRY(sequence());
    std::vector<std::int32_t> jumps;  // from the end of each alternative but the last
    while (take("|")) {
      const auto start = jumps.empty() ? from : jumps.back() + 1;
      TRY(emit_before(start, {Op::split, 1, here() + 2 - start}));
      jumps.push_back(here());
      TRY(emit(Op::jump));
      TRY(sequence());
    }
    for (const auto jump : jumps) out_.steps_[static_cast<std::size_t>(jump)].value = here() - jump;
    --level_;
    return {};
  }

  Result<void> sequence() {
    while (!done() && !next_is('|') && !next_is(')')) {
      const auto from = here();
      TRY(atom());
      TRY(repeated(from));
    }
    return {};
  }

  Result<void> atom() {
    const char c = pattern_[at_++];
    switch (c) {
      case '(':
        return group();
      case '[':
        return set();
      case '\\':
        return escape();
      case '.':
        return emit(Op::any);
      case '^':
        return emit(Op::start);
      case '$':
        return emit(Op::end_or_newline);
      case '*':
      case '+':
      case '?':
        --at_;
        return unknown();
      default:
        return emit(Op::byte, static_cast<unsigned char>(c));
    }
  }

  Result<void> group() {
    const auto from = here();
    const bool look = take("?="), look_not = !look && take("?!");
    if (look || look_not) {
      if (++looks_ > kMostLooks) return too_large();
      TRY(emit(look ? Op::look : Op::look_not));
    } else if (take("?P<")) {
      const auto end = pattern_.find('>', at_);
      if (end == std::string_view::npos) return unknown();
      at_ = end + 1;
    } else if (!take("?:") && next_is('?')) {
      return unknown();
    }
    TRY(alternatives());
    if (!take(")")) return unknown();
    if (!look && !look_not) return {};
    TRY(emit(Op::match));
    out_.steps_[static_cast<std::size_t>(from)].value = here() - from;
    return {};
  }

  Result<void> escape() {
    if (done()) return unknown();
    const char letter = pattern_[at_++];
    if (letter == 'b') return emit(Op::word);
    if (letter == 'B') return emit(Op::no_word);
    if (letter == 'A') return emit(Op::start);
    if (letter == 'Z') return emit(Op::end);
    if (const auto known = class_of(letter)) return emit_set(*known);
    const auto meant = escaped(letter);
    if (!meant) return unknown();
    return emit(Op::byte, static_cast<unsigned char>(*meant));
  }

  // One character of a set, or a class, which leaves nothing: then it is in `out` already.
  Result<std::optional<int>> member(Set& out) {
    if (done()) return unknown();
    const char c = pattern_[at_++];
    if (c != '\\') return static_cast<unsigned char>(c);
    if (done()) return unknown();
    const char letter = pattern_[at_++];
    if (const auto known = class_of(letter)) {
      out = out | *known;
      return std::nullopt;
    }
    const auto meant = letter == 'b' ? std::optional('\b') : escaped(letter);
    if (!meant) return unknown();
    return static_cast<unsigned char>(*meant);
  }

  Result<void> set() {
    Set out{};
    const bool negated = take("^");
    for (bool first = true; first || !next_is(']'); first = false) {
      const auto low = TRY(member(out));
      const bool is_range = low && next_is('-') && at_ + 1 < pattern_.size() && pattern_[at_ + 1] != ']';
      if (!is_range) {
        if (low) out = out | range(*low, *low);
        continue;
      }
      ++at_;
      const auto high = TRY(member(out));
      if (!high || *high < *low) return unknown();
      out = out | range(*low, *high);
    }
    ++at_;
    return emit_set(negated ? ~out : out);
  }

  struct Times {
    int least, most;  // most -1: any number
  };

  std::optional<int> number() {
    const auto from = at_;
    int out = 0;
    for (; !done() && pattern_[at_] >= '0' && pattern_[at_] <= '9'; ++at_)
      out = std::min(out * 10 + (pattern_[at_] - '0'), kMostRepeats + 1);
    return at_ == from ? std::nullopt : std::optional(out);
  }

  // "{" that does not begin a repetition is a character, as in Python.
  std::optional<Times> braces() {
    const auto from = at_++;
    const auto least = number();
    const bool comma = take(",");
    const auto most = comma ? number() : least;
    if (take("}") && (least || most || comma)) return Times{least.value_or(0), most.value_or(-1)};
    at_ = from;
    return std::nullopt;
  }

  std::optional<Times> times() {
    if (take("*")) return Times{0, -1};
    if (take("+")) return Times{1, -1};
    if (take("?")) return Times{0, 1};
    return next_is('{') ? braces() : std::nullopt;
  }

  // What follows the piece that begins at `from` says how often it may stand there.
  Result<void> repeated(std::int32_t from) {
    const auto wanted = times();
    if (!wanted) return {};
    if (wanted->least > kMostRepeats || wanted->most > kMostRepeats) return too_large();
    if (wanted->most >= 0 && wanted->most < wanted->least) return unknown();
    (void)take("?");  // lazy: which way is tried first does not matter for yes or no
    if (next_is('*') || next_is('+') || next_is('?')) return unknown();
    const std::vector<Step> piece(out_.steps_.begin() + from, out_.steps_.end());
    out_.steps_.resize(static_cast<std::size_t>(from));
    for (int i = 0; i < wanted->least; ++i) TRY(append(piece));
    const auto length = static_cast<std::int32_t>(piece.size());
    for (int i = wanted->least; i < wanted->most; ++i) {
      const auto to_end = (wanted->most - i) * (length + 1);
      TRY(append({{Op::split, 1, to_end}}));
      TRY(append(piece));
    }
    if (wanted->most >= 0) return {};
    TRY(append({{Op::split, 1, length + 2}}));
    TRY(append(piece));
    return append({{Op::jump, -length - 1, 0}});
  }

  Result<void> append(const std::vector<Step>& piece) {
    if (out_.steps_.size() + piece.size() > kMostSteps) return too_large();
    out_.steps_.insert(out_.steps_.end(), piece.begin(), piece.end());
    return {};
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  int level_ = 0, looks_ = 0;
  Regex out_;
};

// Every step is tried at most once at every place: what failed there fails again.
class RegexRun {
 public:
  RegexRun(const Regex& regex, std::string_view text)
      : regex_(regex), text_(text), tried_(regex.steps_.size() * (text.size() + 1)) {}

  bool from(std::size_t step, std::size_t at) {
    todo_.push_back({step, at});
    while (!todo_.empty()) {
      const auto [next, place] = todo_.back();
      todo_.pop_back();
      if (auto mark = tried_[next * (text_.size() + 1) + place]; mark)
        continue;
      else
        mark = true;
      if (take(next, place)) return true;
    }
    return false;
  }

 private:
  using Op = Regex::Op;

  bool is_word(std::size_t at) const { return at < text_.size() && holds(kWords, static_cast<unsigned char>(text_[at])); }
  bool is_border(std::size_t at) const { return (at > 0 && is_word(at - 1)) != is_word(at); }
  bool looks(std::size_t step, std::size_t at) const { return RegexRun(regex_, text_).from(step, at); }

  void go(std::size_t step, std::int32_t by, std::size_t at) {
    todo_.push_back({static_cast<std::size_t>(static_cast<std::int64_t>(step) + by), at});
  }
  void go_if(bool yes, std::size_t step, std::int32_t by, std::size_t at) {
    if (yes) go(step, by, at);
  }

  // True where the expression has matched.
  bool take(std::size_t index, std::size_t at) {
    const auto& step = regex_.steps_[index];
    const bool more = at < text_.size();
    const int byte = more ? static_cast<unsigned char>(text_[at]) : 0;
    switch (step.op) {
      case Op::match:
        return true;
      case Op::byte:
        go_if(more && byte == step.value, index, 1, at + 1);
        break;
      case Op::any:
        go_if(more && byte != '\n', index, 1, at + 1);
        break;
      case Op::set:
        go_if(more && holds(regex_.sets_[static_cast<std::size_t>(step.value)], byte), index, 1, at + 1);
        break;
      case Op::split:
        go(index, step.other, at);
        go(index, step.value, at);
        break;
      case Op::jump:
        go(index, step.value, at);
        break;
      case Op::start:
        go_if(at == 0, index, 1, at);
        break;
      case Op::end:
        go_if(!more, index, 1, at);
        break;
      case Op::end_or_newline:
        go_if(!more || (byte == '\n' && at + 1 == text_.size()), index, 1, at);
        break;
      case Op::word:
      case Op::no_word:
        go_if(is_border(at) == (step.op == Op::word), index, 1, at);
        break;
      case Op::look:
      case Op::look_not:
        go_if(looks(index + 1, at) == (step.op == Op::look), index, step.value, at);
        break;
    }
    return false;
  }

  const Regex& regex_;
  std::string_view text_;
  std::vector<bool> tried_;
  std::vector<std::pair<std::size_t, std::size_t>> todo_;
};

Result<Regex> Regex::compile(std::string_view pattern) { return RegexCompiler(pattern).run(); }

bool Regex::matches(std::string_view text, From from) const {
  RegexRun run(*this, text);
  for (std::size_t at = 0; at <= (from == From::start ? 0 : text.size()); ++at)
    if (run.from(0, at)) return true;
  return false;
}

}  // namespace vramauto::engine::vllm::quantization
