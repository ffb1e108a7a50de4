// The files of a model on the hub as a folder: what is needed of them is read when it is asked for.
#pragma once

#include "model/folder.hpp"
#include "model/hub_store.hpp"
#include "model/transfer.hpp"

namespace vramauto::model {

// "a%20b" of "a b": as one element of a path.
std::string url_encoded(std::string_view text);

// What is asked for the list of files of a revision, and what the answer says.
std::string listing_url(const std::string& endpoint, const HubId& id);
Result<Snapshot> read_listing(std::string_view where, std::string_view text);

class Repository final : public Folder {
 public:
  // `session` nullptr: what is here must do.
  Repository(const std::string& endpoint, const HubId& id, Snapshot snapshot, Session* session);

  Result<void> fetch(std::span<const std::string> wanted) override;
  Result<file::Reader> open(std::string_view name) const override;
  Bytes size(std::string_view name) const override;

  const Snapshot& snapshot() const { return snapshot_; }

 private:
  const HubFile* find(std::string_view name) const;
  Result<void> want(std::vector<Transfer>& round, std::size_t index) const;
  bool settle(Transfer& transfer);

  Snapshot snapshot_;  // its files sorted by name
  Session* session_;
};

}  // namespace vramauto::model
