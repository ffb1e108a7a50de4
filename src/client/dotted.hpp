// JSON that an engine's command line gives field by field: --compilation-config.mode 3 --compilation-config.pass_config.sp true.
#pragma once

#include <string>
#include <vector>

namespace client {

class DottedJson {
 public:
  // "pass_config.sp": dots go deeper, a '+' at the end adds to a list, whose values may be separated by commas. Throws Failure.
  void set(const std::string& path, const std::string& value);
  std::string text() const;  // an object

 private:
  struct Field {
    std::string name, value;  // of a leaf: JSON
    std::vector<Field> fields;
  };
  static void write(std::string& out, const std::vector<Field>& fields);
  std::vector<Field> fields_;
};

}  // namespace client
