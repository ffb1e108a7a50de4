// Where an option's value goes: how it is read, and which member of the workload it becomes. For option_table.cpp and what looks
// into it.
#pragma once

#include "engine/options.hpp"
#include "support/text.hpp"

namespace vramauto::engine::option {

using Value = std::optional<std::string_view>;  // empty: back to the default

// A member of the workload, of whichever type: told apart here once, so that every kind of value is set by one function.
class Member {
 public:
  constexpr Member() : type_(Type::none), flag_(nullptr) {}
  constexpr Member(bool Workload::*m) : type_(Type::flag), flag_(m) {}
  constexpr Member(std::optional<bool> Workload::*m) : type_(Type::maybe_flag), maybe_flag_(m) {}
  constexpr Member(std::uint32_t Workload::*m) : type_(Type::narrow), narrow_(m) {}
  constexpr Member(std::optional<std::uint32_t> Workload::*m) : type_(Type::maybe_narrow), maybe_narrow_(m) {}
  constexpr Member(std::uint64_t Workload::*m) : type_(Type::wide), wide_(m) {}
  constexpr Member(std::optional<std::uint64_t> Workload::*m) : type_(Type::maybe_wide), maybe_wide_(m) {}
  constexpr Member(double Workload::*m) : type_(Type::real), real_(m) {}
  constexpr Member(std::string Workload::*m) : type_(Type::text), text_(m) {}
  constexpr Member(std::vector<std::uint32_t> Workload::*m) : type_(Type::list), list_(m) {}

  void reset(Workload& workload) const;
  void set(Workload& workload, std::uint64_t number) const;  // of numbers and flags
  void set(Workload& workload, double number) const { workload.*real_ = number; }
  void set(Workload& workload, std::string text) const { workload.*text_ = std::move(text); }
  void set(Workload& workload, std::vector<std::uint32_t> list) const { workload.*list_ = std::move(list); }

 private:
  enum class Type : std::uint8_t { none, flag, maybe_flag, narrow, maybe_narrow, wide, maybe_wide, real, text, list } type_;
  union {
    bool Workload::*flag_;
    std::optional<bool> Workload::*maybe_flag_;
    std::uint32_t Workload::*narrow_;
    std::optional<std::uint32_t> Workload::*maybe_narrow_;
    std::uint64_t Workload::*wide_;
    std::optional<std::uint64_t> Workload::*maybe_wide_;
    double Workload::*real_;
    std::string Workload::*text_;
    std::vector<std::uint32_t> Workload::*list_;
  };
};

struct Entry;
using Apply = Result<void> (*)(Workload&, const Entry&, Value);

// How a value is read, and where it goes.
struct Target {
  Apply apply = nullptr;
  Member member{};
  constexpr Target() = default;
  constexpr Target(Apply own) : apply(own) {}
  constexpr Target(Apply how, Member where) : apply(how), member(where) {}
};

struct Entry {
  Option option;
  double least = 0, most = 0;  // of integers and numbers
  Target target = {};
  Served served = {};
};

// Values as the table's rows say; a refusal names the option.
Result<std::uint64_t> count_of(const Entry& entry, std::string_view value);
Result<Bytes> size_in(const Entry& entry, std::string_view value);
Result<std::uint64_t> switch_in(const Entry& entry, std::string_view value);
Result<double> gibibytes_in(const Entry& entry, std::string_view value);
Result<std::string> text_in(const Entry& entry, std::string_view value);
Result<std::string> object_in(const Entry& entry, std::string_view value);
Result<std::string> object_or_level_in(const Entry& entry, std::string_view value);
Result<std::string> choice_of(const Entry& entry, std::string_view value);
Result<std::vector<std::uint32_t>> numbers_in(const Entry& entry, std::string_view value);

// Reads a value of one kind into a member; none: back to the default.
template <auto Read>
Result<void> store(Workload& workload, const Entry& entry, Value value, const Member& member) {
  if (!value) return member.reset(workload), Result<void>{};
  member.set(workload, TRY(Read(entry, *value)));
  return {};
}
template <auto Read>
Result<void> into_own(Workload& workload, const Entry& entry, Value value) {
  return store<Read>(workload, entry, value, entry.target.member);
}

template <auto M>
constexpr Target integer{into_own<count_of>, M};
template <auto M>
constexpr Target bytes{into_own<size_in>, M};
template <auto M>
constexpr Target flag{into_own<switch_in>, M};
template <auto M>
constexpr Target text_of{into_own<text_in>, M};
template <auto M>
constexpr Target json_object{into_own<object_in>, M};
template <auto M>
constexpr Target object_or_level{into_own<object_or_level_in>, M};
template <auto M>
constexpr Target choice{into_own<choice_of>, M};
template <auto M>
constexpr Target gibibytes{into_own<gibibytes_in>, M};
template <auto M>
constexpr Target numbers{into_own<numbers_in>, M};

// "auto" leaves the number to the plan.
template <auto Auto>
Result<void> or_auto(Workload& workload, const Entry& entry, Value value) {
  const bool open = value && text::lower(text::trim(*value)) == "auto";
  TRY(store<count_of>(workload, entry, open ? Value{} : value, entry.target.member));
  workload.*Auto = open;
  return {};
}
template <auto M, auto Auto>
constexpr Target integer_or_auto{or_auto<Auto>, M};

// What options with more to say do.
Result<void> max_model_len(Workload& workload, const Entry& entry, Value value);
Result<void> sequences(Workload& workload, const Entry& entry, Value value);
Result<void> utilization(Workload& workload, const Entry& entry, Value value);
Result<void> only_one(Workload& workload, const Entry& entry, Value value);
Result<void> unread(Workload& workload, const Entry& entry, Value value);
Result<void> reserve(Workload& workload, const Entry& entry, Value value);
Result<void> environment(Workload& workload, const Entry& entry, Value value);

}  // namespace vramauto::engine::option
