// Documents as YAML: block style, in their order, read alike by readers of YAML 1.1 (PyYAML) and 1.2.
#pragma once

#include <string>

#include "client/document.hpp"

namespace client {

// Strings are quoted where any reader could take them for something else. Throws Failure for text that is not UTF-8.
std::string yaml(const Document& document);

// Lines of a comment, wrapped nowhere; what could end one is left out.
std::string yaml_comment(const std::string& text);

// A number where the text is how every reader would write it back, else the text.
Document number_or_text(const std::string& text);

}  // namespace client
