// What the terminal can show.
#pragma once

#include <string>

namespace cli {

// The file (as STDOUT_FILENO) is a terminal whose locale is UTF-8.
bool shows_symbols(int file);

// The same text for every other reader: bars in ASCII, pictures left out.
std::string without_symbols(const std::string& text);

void print(const std::string& text);                                  // to standard output
void complain(const std::string& where, const std::string& message);  // "vramauto: where: message" to standard error

}  // namespace cli
