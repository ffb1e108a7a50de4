#include "encdec.hpp"
namespace vramauto::encdec {
const Kind* find_speech(std::string_view) { return nullptr; }
const Kind* find_parse(std::string_view) { return nullptr; }
}  // namespace vramauto::encdec
