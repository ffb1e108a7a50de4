#include "estimator/load.hpp"

#include <cstring>

#include <dlfcn.h>
#include <elf.h>

#include "support/file.hpp"
#include "support/text.hpp"

namespace vramauto::estimator {
namespace {

using Header = Elf64_Ehdr;
using Segment = Elf64_Phdr;

// The header of the object this code is in: what others must be like.
const Header* own_header() {
  Dl_info info{};
  if (!dladdr(reinterpret_cast<const void*>(&own_library), &info) || !info.dli_fbase) return nullptr;
  const auto* header = static_cast<const Header*>(info.dli_fbase);
  return std::memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 ? header : nullptr;
}

Result<void> check_header(const std::string& path, const Header& header) {
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return fail(VRAMAUTO_E_PLUGIN, path, "is not an ELF file");
  const auto* own = own_header();
  if (!own) return {};
  if (header.e_ident[EI_CLASS] != own->e_ident[EI_CLASS] || header.e_ident[EI_DATA] != own->e_ident[EI_DATA] ||
      header.e_machine != own->e_machine)
    return fail(VRAMAUTO_E_PLUGIN, path, "is for another machine: ELF class {}, byte order {}, machine {}, expected {}, {}, {}",
                header.e_ident[EI_CLASS], header.e_ident[EI_DATA], header.e_machine, own->e_ident[EI_CLASS], own->e_ident[EI_DATA],
                own->e_machine);
  if (header.e_type != ET_DYN) return fail(VRAMAUTO_E_PLUGIN, path, "is ELF type {}, expected a shared object", header.e_type);
  return {};
}

// Every segment lies inside the file: the loader maps what the header says, and touching a page past the end kills the process.
Result<void> check_segments(const std::string& path, const file::Reader& reader, const Header& header) {
  if (header.e_phentsize != sizeof(Segment) || header.e_phnum == 0 || header.e_phnum == PN_XNUM)
    return fail(VRAMAUTO_E_PLUGIN, path, "has {} program headers of {} bytes, expected some of {}", header.e_phnum,
                header.e_phentsize, sizeof(Segment));
  const std::uint64_t table = std::uint64_t{header.e_phnum} * sizeof(Segment);
  if (header.e_phoff > reader.size() || table > reader.size() - header.e_phoff)
    return fail(VRAMAUTO_E_PLUGIN, path, "is cut short: its program headers end beyond its {} bytes", reader.size());
  for (std::uint32_t i = 0; i < header.e_phnum; ++i) {
    Segment segment;
    TRY(reader.read_at(header.e_phoff + i * sizeof segment, reinterpret_cast<char*>(&segment), sizeof segment));
    if (segment.p_offset > reader.size() || segment.p_filesz > reader.size() - segment.p_offset)
      return fail(VRAMAUTO_E_PLUGIN, path, "is cut short: segment {} ends beyond its {} bytes", i, reader.size());
  }
  return {};
}

Result<void> check_file(const std::string& path) {
  const auto reader = TRY(file::Reader::open(path));
  Header header;
  if (reader.size() < sizeof header) return fail(VRAMAUTO_E_PLUGIN, path, "is not an ELF file");
  TRY(reader.read_at(0, reinterpret_cast<char*>(&header), sizeof header));
  TRY(check_header(path, header));
  return check_segments(path, reader, header);
}

// Another ABI's entry, for a message that helps.
std::string other_entries(void* object) {
  for (int number = 2; number < 10; ++number) {
    const auto name = fmt::format("vramauto_plugin_v{}", number);
    if (dlsym(object, name.c_str())) return fmt::format("; it exports {}, made for another ABI", name);
  }
  return {};
}

std::string loader_words() {
  const char* words = dlerror();
  return text::shown(words ? words : "the dynamic loader gives no reason", 300);
}

}  // namespace

Result<vramauto_plugin_entry> load(const std::string& path) {
  if (path.find('$') != std::string::npos)  // the loader would put something else in its place: dlopen(3), "rpath token expansion"
    return fail(VRAMAUTO_E_PLUGIN, path, "has a $ in its path");
  TRY(check_file(path));
  void* object = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!object) return fail(VRAMAUTO_E_PLUGIN, path, "{}", loader_words());
  void* symbol = dlsym(object, "vramauto_plugin_v1");
  if (!symbol) {
    auto others = other_entries(object);
    dlclose(object);
    return fail(VRAMAUTO_E_PLUGIN, path, "does not export vramauto_plugin_v1{}", others);
  }
  return reinterpret_cast<vramauto_plugin_entry>(symbol);
}

std::string own_library() {
  Dl_info info{};
  if (!dladdr(reinterpret_cast<const void*>(&own_library), &info) || !info.dli_fname) return {};
  return info.dli_fname;
}

}  // namespace vramauto::estimator
