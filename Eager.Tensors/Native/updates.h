// The optimizers' updates, each written once: for numbers, which the loops of fused_loops.h sweep over, and for groups of tensors of any dtype
// and device (tensor_group.h, updates.cpp).
// A rule gets the slope g, changes its slots and moves the variable, all in place, since tensors may have no room for copies; N is the type of its constants.
// C#'s UpdateRule has the same order, and each optimizer there writes the settings that its rule reads here.
#pragma once
#include <cmath>
#include <cstdint>

namespace eager {

enum class Rule : int64_t { sgd, momentum, adam, amsgrad, adagrad, adadelta, rmsprop, rmsprop_momentum, rmsprop_centered, rmsprop_centered_momentum, ftrl, adamax, nadam, lion };

// A group's settings start with the learning rate, the weight decay that joins the slope, and the one that does not.
constexpr int shared_settings = 3;

namespace {

// x += scale·a, x += scale·a·b and x += scale·a/b, each of which is one launch on a GPU.
template <class T, class N> void add(T& x, const T& a, N scale) { x += a * scale; }
template <class T, class N> void add_product(T& x, const T& a, const T& b, N scale) { x += a * scale * b; }
template <class T, class N> void add_quotient(T& x, const T& a, const T& b, N scale) { x += a * scale / b; }
template <class T> void set(T& x, const T& value) { x = value; }
template <class T> void raise_to(T& x, const T& least) { x = x > least ? x : least; }

template <class T> struct Math {
  static T sqrt(T x) { return std::sqrt(x); }
  static T power(T x, T exponent) { return std::pow(x, exponent); }
  static T abs(T x) { return std::abs(x); }
  static T sign(T x) { return static_cast<T>(x > 0) - static_cast<T>(x < 0); }
  // A NaN stays one.
  static T not_negative(T x) { return x < 0 ? T(0) : x; }
};

template <class N> struct Decay {
  N joined, kept;
  explicit Decay(const double* s) : joined(static_cast<N>(s[1])), kept(static_cast<N>(1 - s[0] * s[2])) {}
};

// x −= lr·g.
template <class N> struct Sgd {
  static constexpr int slots = 0;
  N rate;
  explicit Sgd(const double* s) : rate(static_cast<N>(s[0])) {}
  template <class T> void operator()(T& x, const T& g, T*) const { add(x, g, -rate); }
};

// v = μv + (1 − dampening)·g; x −= lr·v, or with Nesterov's look ahead lr·(g + μv): PyTorch's form of Sutskever et al. 2013.
template <class N> struct Momentum {
  static constexpr int slots = 1;
  N rate, momentum, taken, ahead;
  bool nesterov;
  explicit Momentum(const double* s)
      : rate(static_cast<N>(s[0])), momentum(static_cast<N>(s[3])), taken(static_cast<N>(s[4])), ahead(static_cast<N>(s[0] * s[3])), nesterov(s[5] != 0) {}
  template <class T> void operator()(T& x, const T& g, T* slot) const {
    slot[0] *= momentum;
    add(slot[0], g, taken);
    if (nesterov) add(x, g, -rate);
    add(x, slot[0], nesterov ? -ahead : -rate);
  }
};

// Kingma & Ba 2015, with the bias corrections where PyTorch puts them: x −= lr/c₁ · m / (√v/√c₂ + ε).
// With Largest, √v is that of the largest v so far (AMSGrad; Reddi, Kale & Kumar 2018).
template <class N, bool Largest> struct Adam {
  static constexpr int slots = Largest ? 3 : 2;
  N beta1, rest1, beta2, rest2, epsilon, step, root;
  explicit Adam(const double* s)
      : beta1(static_cast<N>(s[3])), rest1(static_cast<N>(1 - s[3])), beta2(static_cast<N>(s[4])), rest2(static_cast<N>(1 - s[4])),
        epsilon(static_cast<N>(s[5])), step(static_cast<N>(s[0] / s[6])), root(static_cast<N>(1 / std::sqrt(s[7]))) {}
  template <class T> void operator()(T& x, const T& g, T* slot) const {
    slot[0] *= beta1;
    add(slot[0], g, rest1);
    slot[1] *= beta2;
    add_product(slot[1], g, g, rest2);
    if constexpr (Largest) raise_to(slot[2], slot[1]);
    T scale = Math<T>::sqrt(slot[slots - 1]);
    scale *= root;
    scale += epsilon;
    add_quotient(x, slot[0], scale, -step);
  }
};

// a += g²; x −= lr·g / (√a + ε): Duchi, Hazan & Singer 2011.
template <class N> struct Adagrad {
  static constexpr int slots = 1;
  N rate, epsilon;
  explicit Adagrad(const double* s) : rate(static_cast<N>(s[0])), epsilon(static_cast<N>(s[3])) {}
  template <class T> void operator()(T& x, const T& g, T* slot) const {
    add_product(slot[0], g, g, N(1));
    T scale = Math<T>::sqrt(slot[0]);
    scale += epsilon;
    add_quotient(x, g, scale, -rate);
  }
};

// a = ρa + (1 − ρ)g²; δ = g·√(d + ε)/√(a + ε); d = ρd + (1 − ρ)δ²; x −= lr·δ: Zeiler 2012, algorithm 1.
template <class N> struct Adadelta {
  static constexpr int slots = 2;
  N rate, rho, rest, epsilon;
  explicit Adadelta(const double* s) : rate(static_cast<N>(s[0])), rho(static_cast<N>(s[3])), rest(static_cast<N>(1 - s[3])), epsilon(static_cast<N>(s[4])) {}
  template <class T> void operator()(T& x, const T& g, T* slot) const {
    slot[0] *= rho;
    add_product(slot[0], g, g, rest);
    T delta = Math<T>::sqrt(slot[1] + epsilon);
    delta /= Math<T>::sqrt(slot[0] + epsilon);
    delta *= g;
    slot[1] *= rho;
    add_product(slot[1], delta, delta, rest);
    add(x, delta, -rate);
  }
};

// a = ρa + (1 − ρ)g², and centered also m = ρm + (1 − ρ)g; u = g / (√(a − m²) + ε); x −= lr·u, or with momentum v = μv + u, x −= lr·v.
// Tieleman & Hinton 2012; centered as Graves 2013, equation 40. Rounding may put a below m², of which no root is taken.
template <class N, bool Centered, bool Moving> struct RmsProp {
  static constexpr int slots = 1 + Centered + Moving;
  N rate, rho, rest, epsilon, momentum;
  explicit RmsProp(const double* s)
      : rate(static_cast<N>(s[0])), rho(static_cast<N>(s[3])), rest(static_cast<N>(1 - s[3])), epsilon(static_cast<N>(s[4])), momentum(static_cast<N>(s[5])) {}
  template <class T> void operator()(T& x, const T& g, T* slot) const {
    slot[0] *= rho;
    add_product(slot[0], g, g, rest);
    if constexpr (Centered) {
      slot[1] *= rho;
      add(slot[1], g, rest);
    }
    T scale = root(slot);
    scale += epsilon;
    if constexpr (Moving) {
      slot[slots - 1] *= momentum;
      add_quotient(slot[slots - 1], g, scale, N(1));
      add(x, slot[slots - 1], -rate);
    } else {
      add_quotient(x, g, scale, -rate);
    }
  }
  template <class T> static T root(const T* slot) {
    if constexpr (Centered) return Math<T>::sqrt(Math<T>::not_negative(slot[0] - slot[1] * slot[1]));
    else return Math<T>::sqrt(slot[0]);
  }
};

// McMahan et al. 2013, algorithm 1, in TensorFlow's form. With a the sum of squares, z the linear part and p the power of the rate:
// a' = a + g²; z += g + 2·shrinkage·x − (a'ᵖ − aᵖ)/lr·x; x = (clip(z, −l₁, l₁) − z) / ((β + a'ᵖ)/lr + 2·l₂).
template <class N> struct Ftrl {
  static constexpr int slots = 2;
  N inverse, power, first, second, shrinkage, beta;
  explicit Ftrl(const double* s)
      : inverse(static_cast<N>(1 / s[0])), power(static_cast<N>(s[3])), first(static_cast<N>(s[4])), second(static_cast<N>(2 * s[5])),
        shrinkage(static_cast<N>(2 * s[6])), beta(static_cast<N>(s[7])) {}
  template <class T> void operator()(T& x, const T& g, T* slot) const {
    T before = raised(slot[0]);
    add_product(slot[0], g, g, N(1));
    T scale = raised(slot[0]);
    slot[1] += g;
    add(slot[1], x, shrinkage);
    add_product(slot[1], T(scale - before), x, -inverse);
    // What of |z| is beyond l₁, with z's sign, is z without its clipped part.
    T beyond = Math<T>::abs(slot[1]);
    beyond += -first;
    beyond = Math<T>::not_negative(beyond);
    scale += beta;
    scale *= inverse;
    scale += second;
    // A scale may be 0 where no gradient was yet: 1 is added wherever nothing is beyond.
    T nothing = Math<T>::sign(beyond);
    nothing *= N(-1);
    nothing += N(1);
    scale += nothing;
    beyond *= Math<T>::sign(slot[1]);
    beyond *= N(-1);
    beyond /= scale;
    set(x, beyond);
  }
  template <class T> T raised(const T& sum) const { return power == N(0.5) ? Math<T>::sqrt(sum) : Math<T>::power(sum, power); }
};

// m = β₁m + (1 − β₁)g; u = max(β₂u, |g| + ε); x −= lr/(1 − β₁ᵗ) · m/u: Kingma & Ba 2015, algorithm 2, ε as PyTorch adds it.
template <class N> struct Adamax {
  static constexpr int slots = 2;
  N beta1, rest1, beta2, epsilon, step;
  explicit Adamax(const double* s)
      : beta1(static_cast<N>(s[3])), rest1(static_cast<N>(1 - s[3])), beta2(static_cast<N>(s[4])), epsilon(static_cast<N>(s[5])), step(static_cast<N>(s[0] / s[6])) {}
  template <class T> void operator()(T& x, const T& g, T* slot) const {
    slot[0] *= beta1;
    add(slot[0], g, rest1);
    slot[1] *= beta2;
    raise_to(slot[1], T(Math<T>::abs(g) + epsilon));
    add_quotient(x, slot[0], slot[1], -step);
  }
};

// Adam whose step is that of a look ahead: x −= (α·g + β·m) / (√v/√c₂ + ε), where α and β hold the rate and the products of μ (Dozat 2016).
template <class N> struct Nadam {
  static constexpr int slots = 2;
  N beta1, rest1, beta2, rest2, epsilon, root, now, ahead;
  explicit Nadam(const double* s)
      : beta1(static_cast<N>(s[3])), rest1(static_cast<N>(1 - s[3])), beta2(static_cast<N>(s[4])), rest2(static_cast<N>(1 - s[4])), epsilon(static_cast<N>(s[5])),
        root(static_cast<N>(1 / std::sqrt(s[6]))), now(static_cast<N>(s[0] * s[7])), ahead(static_cast<N>(s[0] * s[8])) {}
  template <class T> void operator()(T& x, const T& g, T* slot) const {
    slot[0] *= beta1;
    add(slot[0], g, rest1);
    slot[1] *= beta2;
    add_product(slot[1], g, g, rest2);
    T scale = Math<T>::sqrt(slot[1]);
    scale *= root;
    scale += epsilon;
    add_quotient(x, g, scale, -now);
    add_quotient(x, slot[0], scale, -ahead);
  }
};

// x −= lr·sign(β₁m + (1 − β₁)g); m = β₂m + (1 − β₂)g: Chen et al. 2023, algorithm 2.
template <class N> struct Lion {
  static constexpr int slots = 1;
  N rate, beta1, rest1, beta2, rest2;
  explicit Lion(const double* s)
      : rate(static_cast<N>(s[0])), beta1(static_cast<N>(s[3])), rest1(static_cast<N>(1 - s[3])), beta2(static_cast<N>(s[4])), rest2(static_cast<N>(1 - s[4])) {}
  template <class T> void operator()(T& x, const T& g, T* slot) const {
    T direction = slot[0] * beta1;
    add(direction, g, rest1);
    add(x, Math<T>::sign(direction), -rate);
    slot[0] *= beta2;
    add(slot[0], g, rest2);
  }
};

// Hands a rule with its settings to `use`.
template <class N, class Use> void with_rule(Rule rule, const double* s, Use use) {
  switch (rule) {
    case Rule::sgd: return use(Sgd<N>(s));
    case Rule::momentum: return use(Momentum<N>(s));
    case Rule::adam: return use(Adam<N, false>(s));
    case Rule::amsgrad: return use(Adam<N, true>(s));
    case Rule::adagrad: return use(Adagrad<N>(s));
    case Rule::adadelta: return use(Adadelta<N>(s));
    case Rule::rmsprop: return use(RmsProp<N, false, false>(s));
    case Rule::rmsprop_momentum: return use(RmsProp<N, false, true>(s));
    case Rule::rmsprop_centered: return use(RmsProp<N, true, false>(s));
    case Rule::rmsprop_centered_momentum: return use(RmsProp<N, true, true>(s));
    case Rule::ftrl: return use(Ftrl<N>(s));
    case Rule::adamax: return use(Adamax<N>(s));
    case Rule::nadam: return use(Nadam<N>(s));
    case Rule::lion: return use(Lion<N>(s));
  }
}

}  // namespace
}  // namespace eager
