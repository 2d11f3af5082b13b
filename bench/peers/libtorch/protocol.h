// The line protocol between the benchmark driver and this contestant: one flat JSON object a line, each way.
#pragma once

#include <map>
#include <string>

// The fields of a request as text; strings come without their quotes.
using Request = std::map<std::string, std::string>;

// Throws std::runtime_error when the line is no flat JSON object.
Request parse_request(const std::string& line);

std::string field(const Request& request, const std::string& name);
double number(const Request& request, const std::string& name);

// A reply under construction.
class Reply {
 public:
  Reply& add(const std::string& name, double value);
  Reply& add(const std::string& name, const std::string& value);
  // Resident memory now and at its highest, in mebibytes.
  Reply& add_memory();
  std::string text() const { return "{" + fields_ + "}"; }

 private:
  void add_raw(const std::string& name, const std::string& value);
  std::string fields_;
};
