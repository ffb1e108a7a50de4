// The members of an object in a request: each is asked for by name and type, and what nobody asks for is refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/json.hpp"

namespace serve {

class Fields {
 public:
  // `where`: the object's own name, "" for the body itself. Throws Refusal, as everything here.
  Fields(const vramauto::json::Value& object, std::string where);

  const vramauto::json::Value* find(std::string_view name);  // nullptr: absent, or null
  std::optional<std::string> text(std::string_view name);    // without NUL, since it goes to a C interface
  std::optional<double> number(std::string_view name);
  std::optional<std::uint64_t> count(std::string_view name);
  bool flag(std::string_view name);  // absent: false

  void nothing_else() const;  // refuses members that were not asked for
  std::string name_of(std::string_view member) const;

 private:
  const vramauto::json::Value& object_;
  std::string where_;
  std::vector<std::string_view> asked_;
};

// A request's body: a JSON object, at most 16 levels deep.
vramauto::json::Document read_body(const std::string& body);

// A string without NUL, or a Refusal that names `where`.
std::string plain_text(const vramauto::json::Value& value, const std::string& where);

}  // namespace serve
