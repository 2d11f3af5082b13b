#include "protocol.h"

#include <cstdio>
#include <fstream>
#include <regex>
#include <stdexcept>

Request parse_request(const std::string& line) {
  static const std::regex pair(R"re("(\w+)"\s*:\s*("([^"\\]*)"|[-+.\w]+))re");
  if (line.empty() || line.front() != '{' || line.back() != '}') throw std::runtime_error("not a JSON object: " + line);
  Request request;
  for (std::sregex_iterator match(line.begin(), line.end(), pair), end; match != end; ++match) {
    bool quoted = (*match)[2].str().front() == '"';
    request[(*match)[1]] = quoted ? (*match)[3] : (*match)[2];
  }
  return request;
}

std::string field(const Request& request, const std::string& name) {
  auto found = request.find(name);
  if (found == request.end()) throw std::runtime_error("the request has no field " + name);
  return found->second;
}

double number(const Request& request, const std::string& name) { return std::stod(field(request, name)); }

void Reply::add_raw(const std::string& name, const std::string& value) {
  if (!fields_.empty()) fields_ += ", ";
  fields_ += "\"" + name + "\": " + value;
}

Reply& Reply::add(const std::string& name, double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", value);
  add_raw(name, text);
  return *this;
}

Reply& Reply::add(const std::string& name, const std::string& value) {
  std::string escaped;
  for (char c : value) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  add_raw(name, "\"" + escaped + "\"");
  return *this;
}

static double status_mebibytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kibibytes;
    if (word == name && status >> kibibytes) return kibibytes / 1024;
  }
  throw std::runtime_error("/proc/self/status has no " + name);
}

Reply& Reply::add_memory() {
  return add("rss_mb", status_mebibytes("VmRSS:")).add("peak_rss_mb", status_mebibytes("VmHWM:"));
}
