// The defaults of configuration classes, as rows of words.
#pragma once

#include <span>
#include <string_view>

namespace vramauto::model {

// types  the model_types of the class, separated by blanks
// keys   key=value           a default, the value as in JSON
//        key|other=value     the same, unless the file uses the other name (the class's attribute_map)
//        layer_types~n       every nth layer attends fully, the others slide (n: sliding_window_pattern, where the file has it)
//        key:type            a nested configuration, always of that type
//        key!type            the same, and where there is none one of defaults alone: flat keys are not the text's
//        key?type            a nested configuration of its own model_type, or of that type where it states none
struct ClassDefaults {
  std::string_view types, keys;
};

std::span<const ClassDefaults> text_class_defaults();
std::span<const ClassDefaults> media_class_defaults();  // towers of pictures and sound, and configurations that hold others
std::span<const ClassDefaults> own_class_defaults();    // classes that come with a model

}  // namespace vramauto::model
