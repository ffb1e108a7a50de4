#include "serve/json_writer.hpp"

namespace serve {

std::string with_member(std::string object, const std::string& name, const std::string& json) {
  const auto end = object.rfind('}');
  return object.replace(end, 1, ",\n\"" + name + "\": " + json + "}");
}

Json copied(const vramauto::json::Value& value) {
  using vramauto::json::Type;
  switch (value.type) {
    case Type::null:
      return nullptr;
    case Type::boolean:
      return value.integer != 0;
    case Type::integer:
      return value.integer;
    case Type::real:
      return value.real;
    case Type::string:
      return std::string(value.text);
    case Type::array: {
      auto out = Json::array();
      for (const auto& item : value.items) out.push_back(copied(item));
      return out;
    }
    case Type::object: {
      auto out = Json::object();
      for (const auto& item : value.items) out[std::string(item.key)] = copied(item);
      return out;
    }
  }
  return nullptr;
}

}  // namespace serve
