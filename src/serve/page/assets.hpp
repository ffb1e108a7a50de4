// The files of the page, as they are embedded when the program is built.
#pragma once

#include <span>
#include <string_view>

namespace serve {

struct Asset {
  std::string_view path, type, content;  // "/style.css", "text/css; charset=utf-8"
};

std::span<const Asset> assets();  // index.html is "/"

}  // namespace serve
