// Somebody else who is writing to the index's file: meanwhile the store cannot.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>

namespace entrepot::store {

class OtherWriter {
 public:
  explicit OtherWriter(const std::filesystem::path& file) {
    EXPECT_EQ(sqlite3_open(file.c_str(), &database_), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  }
  ~OtherWriter() {
    EXPECT_EQ(sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database_);
  }

 private:
  sqlite3* database_ = nullptr;
};

}  // namespace entrepot::store
