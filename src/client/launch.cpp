#include "client/launch.hpp"

#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "client/engine_command.hpp"
#include "client/option_table.hpp"

namespace client {
namespace {

// An option with its values, as the engine's argument vector has them.
struct Item {
  std::string name;  // as the table has it
  std::vector<std::string> words;
};

// The plan writes options in full, each value a word of its own.
std::vector<Item> items_of(const std::vector<std::string>& arguments, std::size_t at) {
  std::vector<Item> out;
  while (at < arguments.size()) {
    const auto& flag = arguments[at++];
    const auto option = flag.rfind("--", 0) == 0 ? option_named(flag.substr(2)) : NamedOption();
    out.push_back({option ? option.name : flag, {flag}});
    auto& words = out.back().words;
    if (option && !option.is_switch() && at < arguments.size()) words.push_back(arguments[at++]);  // whatever it begins with
    while (at < arguments.size() && arguments[at].rfind("-", 0) != 0) words.push_back(arguments[at++]);
  }
  return out;
}

void append(std::vector<std::string>& out, const std::vector<std::string>& words) {
  out.insert(out.end(), words.begin(), words.end());
}

// As it was given where it was, else as the plan has it.
std::vector<std::string> words_of(const Item& item, const std::vector<EngineOptions::Kept>& kept) {
  std::vector<std::string> out;
  for (const auto& one : kept)
    if (one.name == item.name) append(out, one.words);
  return out.empty() ? item.words : out;
}

// What comes again is a list's, and its values go to the first: --lora-modules of the user and of the plan.
std::vector<Item> each_once(const std::vector<Item>& items, const std::vector<EngineOptions::Kept>& kept) {
  std::vector<Item> out;
  for (const auto& item : items) {
    const auto known = std::find_if(out.begin(), out.end(), [&](const Item& one) { return one.name == item.name; });
    if (known == out.end())
      out.push_back({item.name, words_of(item, kept)});
    else
      known->words.insert(known->words.end(), item.words.begin() + 1, item.words.end());
  }
  return out;
}

bool sets(const EngineCommand& command, const char* entry) {
  const auto* equals = std::strchr(entry, '=');
  const std::string name(entry, equals ? static_cast<std::size_t>(equals - entry) : std::strlen(entry));
  return std::any_of(command.environment.begin(), command.environment.end(), [&](const auto& one) { return one.first == name; });
}

bool is_program(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && access(path.c_str(), X_OK) == 0;
}

std::string default_path() {
  std::string out(confstr(_CS_PATH, nullptr, 0), '\0');
  confstr(_CS_PATH, out.data(), out.size());
  if (!out.empty()) out.pop_back();  // the NUL
  return out;
}

// Like a shell's reading of a line without its expansions (POSIX, Shell Command Language, 2.2).
class Splitter {
 public:
  explicit Splitter(const std::string& text) : text_(text) {}

  std::vector<std::string> split() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (std::isspace(static_cast<unsigned char>(c)))
        end_word();
      else if (c == '\'' || c == '"')
        quoted(c);
      else
        add(c == '\\' ? escaped() : c);
    }
    end_word();
    return std::move(words_);
  }

 private:
  void add(char c) { word_ += c, in_word_ = true; }

  void end_word() {
    if (in_word_) words_.push_back(std::move(word_));
    word_.clear();
    in_word_ = false;
  }

  char escaped() {
    if (at_ == text_.size()) throw Failure{kUsage, text_, "ends in a backslash, expected a character after it"};
    return text_[at_++];
  }

  void quoted(char quote) {
    in_word_ = true;
    while (at_ < text_.size() && text_[at_] != quote) {
      const char c = text_[at_++];
      const bool escapes = quote == '"' && c == '\\' && at_ < text_.size() && std::strchr("$`\"\\", text_[at_]);
      add(escapes ? escaped() : c);
    }
    if (at_++ >= text_.size()) throw Failure{kUsage, text_, std::string("has a quote that does not end: ") + quote};
  }

  const std::string& text_;
  std::size_t at_ = 0;
  std::vector<std::string> words_;
  std::string word_;
  bool in_word_ = false;
};

}  // namespace

std::vector<std::string> split_command(const std::string& command) {
  auto out = Splitter(command).split();
  if (out.empty() || out.front().empty())
    throw Failure{kUsage, "engine command", "is empty, expected a program such as vllm serve"};
  return out;
}

std::string find_program(const std::string& name, const char* path) {
  if (name.find('/') != name.npos) {
    if (is_program(name)) return name;
    throw Failure{kError, name,
                  "is no program that can be run: " + std::string(std::strerror(access(name.c_str(), X_OK) ? errno : EISDIR))};
  }
  const std::string folders = path ? path : default_path();
  for (std::size_t at = 0; at <= folders.size();) {
    const auto end = std::min(folders.find(':', at), folders.size());
    const auto folder = folders.substr(at, end - at);
    const auto file = (folder.empty() ? "." : folder) + "/" + name;
    if (is_program(file)) return file;
    at = end + 1;
  }
  throw Failure{kError, name,
                "there is no program of this name in " + (path ? "PATH, which is " + folders : "the default PATH, " + folders)};
}

std::vector<std::pair<std::string, std::string>> engine_variables(const char* const* inherited) {
  std::vector<std::pair<std::string, std::string>> out;
  for (; *inherited; ++inherited) {
    const std::string text = *inherited;
    if (text.rfind("VLLM_", 0) == 0 && text.rfind("VLLM_API_KEY=", 0) != 0) out.emplace_back("env", text);
  }
  return out;
}

Launch launch(const vramauto_plan* plan, const std::vector<std::string>& command, const EngineOptions& given,
              const char* const* inherited) {
  const auto wanted = engine_command(plan);
  Launch out{command, {}};
  if (wanted.arguments.size() > 1) {
    const auto& model = wanted.arguments[1];                              // after "serve"
    out.argv.push_back(model.rfind("-", 0) == 0 ? "./" + model : model);  // no option
  }
  for (const auto& item : each_once(items_of(wanted.arguments, 2), given.kept)) append(out.argv, item.words);
  append(out.argv, given.unknown);
  append(out.argv, given.secret);
  for (; *inherited; ++inherited)
    if (!sets(wanted, *inherited)) out.environment.emplace_back(*inherited);
  for (const auto& [name, value] : wanted.environment) out.environment.push_back(name + "=" + value);
  return out;
}

std::vector<char*> null_terminated(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace client
