# cmake -DOUTPUT=assets.cpp -DFILES="a;b" -P embed.cmake: files as a C++ source, byte for byte.
set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")

set(contents "")
set(rows "")
set(number 0)
foreach(file IN LISTS FILES)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
  string(APPEND contents "constexpr char kFile${number}[] = \"${bytes}\";\n")
  cmake_path(GET file FILENAME name)
  cmake_path(GET file EXTENSION LAST_ONLY extension)
  string(SUBSTRING ${extension} 1 -1 extension)
  if(NOT DEFINED type_${extension})
    message(FATAL_ERROR "${file}: found a file of type .${extension}, expected .html, .css, .js or .svg")
  endif()
  if(name STREQUAL "index.html")
    set(name "")
  endif()
  string(APPEND rows "    {\"/${name}\", \"${type_${extension}}\", {kFile${number}, sizeof kFile${number} - 1}},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${OUTPUT} "#include \"serve/page/assets.hpp\"

namespace serve {
namespace {

${contents}
constexpr Asset kAssets[] = {
${rows}};

}  // namespace

std::span<const Asset> assets() { return kAssets; }

}  // namespace serve
")
