#pragma once

#include <string>

// Nanoseconds one small operation takes. Ways: below_autograd; plain (autograd looks on, nothing needs a gradient);
// recorded (the first argument needs one).
double op_nanoseconds(const std::string& op, const std::string& way, double seconds);
