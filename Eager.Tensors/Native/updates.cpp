// The update of all variables at once: by a loop for each on the CPU, as groups of tensors elsewhere.
#include "fused.h"
#include "tensor_group.h"
#include "updates.h"

namespace eager {
namespace {

// What LibTorch 1.13 has for single tensors only.
template <class Function> TensorGroup each(const TensorGroup& group, Function function) {
  TensorGroup results;
  for (const at::Tensor& tensor : group.list()) results.push_back(function(tensor));
  return results;
}

template <> struct Math<TensorGroup> {
  static TensorGroup sqrt(const TensorGroup& x) { return TensorGroup(at::_foreach_sqrt(x.list())); }
  static TensorGroup abs(const TensorGroup& x) { return TensorGroup(at::_foreach_abs(x.list())); }
  static TensorGroup power(const TensorGroup& x, double exponent) {
#if __has_include(<ATen/ops/_foreach_pow.h>)
    return TensorGroup(at::_foreach_pow(x.list(), at::Scalar(exponent)));
#else
    return each(x, [exponent](const at::Tensor& t) { return at::pow(t, exponent); });
#endif
  }
  static TensorGroup sign(const TensorGroup& x) {
#if __has_include(<ATen/ops/_foreach_sign.h>)
    return TensorGroup(at::_foreach_sign(x.list()));
#else
    return each(x, [](const at::Tensor& t) { return at::sign(t); });
#endif
  }
  static TensorGroup not_negative(const TensorGroup& x) {
#if __has_include(<ATen/ops/_foreach_clamp_min.h>)
    return TensorGroup(at::_foreach_clamp_min(x.list(), at::Scalar(0)));
#else
    return each(x, [](const at::Tensor& t) { return at::clamp_min(t, 0); });
#endif
  }
};

constexpr size_t most_slots = 3;
thread_local bool groups_only = false;

template <class N> N* const* pointers(const at::Tensor* slots, size_t count, N** out) {
  for (size_t j = 0; j < count; j++) out[j] = slots[j].data_ptr<N>();
  return out;
}

bool update_by_loop(Rule rule, const at::Tensor& x, const at::Tensor& g, const at::Tensor* slots, size_t slot_count, const double* settings) {
  const auto type = x.scalar_type();
  bool covered = (type == at::kFloat || type == at::kDouble) && plain(x, type) && plain(g, type) && !groups_only;
  for (size_t j = 0; j < slot_count; j++) covered = covered && plain(slots[j], type);
  if (!covered) return false;
  if (type == at::kFloat) {
    float* places[most_slots];
    loops().update(rule, x.data_ptr<float>(), g.data_ptr<float>(), pointers(slots, slot_count, places), x.numel(), settings);
  } else {
    double* places[most_slots];
    loops().update_double(rule, x.data_ptr<double>(), g.data_ptr<double>(), pointers(slots, slot_count, places), x.numel(), settings);
  }
  return true;
}

// Variables of one dtype, device and row of settings.
struct Together {
  const at::ScalarType type;
  const c10::Device device;
  const int64_t row;
  bool contiguous = true;
  TensorGroup x, g, slots[most_slots];

  Together(const at::Tensor& first, int64_t row) : type(first.scalar_type()), device(first.device()), row(row) {}
  bool takes(const at::Tensor& other, int64_t other_row) const { return type == other.scalar_type() && device == other.device() && row == other_row; }
};

// LibTorch's own kernel for Adam in one launch, whose update is that of Adam in updates.h.
bool update_by_fused_adam(Rule rule, Together& t, const double* s) {
#if __has_include(<ATen/ops/_fused_adamw.h>)
  const bool largest = rule == Rule::amsgrad;
  if ((rule != Rule::adam && !largest) || !t.contiguous || !at::isFloatingType(t.type)) return false;
  // The kernel reads each variable's number of steps from the device; one number serves all.
  const std::vector<at::Tensor> steps(t.x.size(), at::full({}, s[8], at::TensorOptions(t.device).dtype(at::kFloat)));
  const auto largest_squares = largest ? t.slots[2].list() : at::TensorList();
  if (s[2] != 0) at::_fused_adamw_(t.x.list(), t.g.list(), t.slots[0].list(), t.slots[1].list(), largest_squares, steps, s[0], s[3], s[4], s[2], s[5], largest, /*maximize*/ false);
  else at::_fused_adam_(t.x.list(), t.g.list(), t.slots[0].list(), t.slots[1].list(), largest_squares, steps, s[0], s[3], s[4], s[1], s[5], largest, /*maximize*/ false);
  return true;
#else
  return false;
#endif
}

void update_group(Rule rule, Together& t, const double* settings) {
  if (update_by_fused_adam(rule, t, settings)) return;
  with_rule<double>(rule, settings, [&](const auto& step) {
    Decay<double> decay(settings);
    TensorGroup decayed;
    if (decay.joined != 0) decayed = TensorGroup(at::_foreach_add(t.g.list(), t.x.list(), decay.joined));
    if (decay.kept != 1) t.x *= decay.kept;
    step(t.x, decay.joined != 0 ? decayed : t.g, t.slots);
  });
}

}  // namespace

void update_(int64_t rule_number, at::TensorList variables, at::TensorList gradients, at::TensorList slots, at::IntArrayRef groups, int64_t row, double* settings) {
  const auto rule = static_cast<Rule>(rule_number);
  const size_t count = variables.size(), slot_count = count == 0 ? 0 : slots.size() / count;
  TORCH_CHECK(slot_count <= most_slots, "an update keeps at most ", most_slots, " tensors for each variable");
  std::vector<Together> together;
  for (size_t i = 0; i < count; i++) {
    at::Tensor x = variables[i], g = gradients[i].is_contiguous() ? gradients[i] : gradients[i].contiguous(), own[most_slots];
    for (size_t j = 0; j < slot_count; j++) own[j] = slots[j * count + i];
    if (x.numel() == 0 || update_by_loop(rule, x, g, own, slot_count, settings + groups[i] * row)) continue;

    size_t k = 0;
    while (k < together.size() && !together[k].takes(x, groups[i])) k++;
    if (k == together.size()) together.emplace_back(x, groups[i]);
    Together& t = together[k];
    t.contiguous = t.contiguous && x.is_contiguous();
    t.x.push_back(x);
    t.g.push_back(g);
    for (size_t j = 0; j < slot_count; j++) {
      t.contiguous = t.contiguous && own[j].is_contiguous();
      t.slots[j].push_back(own[j]);
    }
  }
  for (Together& t : together) update_group(rule, t, settings + t.row * row);
}

}  // namespace eager

// Tests compare what a GPU would run with the loops, on the CPU.
EAGER_EXPORT void eager_update_groups_only(int32_t only) { eager::groups_only = only != 0; }
