// Owns Delegate, a callback that is one function pointer and one context pointer: no allocation, no
// virtual, trivially copyable. The context must outlive every call.
#pragma once

#include <type_traits>
#include <utility>

namespace ringside::net {

template <class Signature>
class Delegate;

/// Bind a member function: `Delegate<void(int)>::to<&Session::on_number>(&session)`.
/// Bind a free function:    `Delegate<void(int)>(context, [](void* c, int n) noexcept { ... })`.
/// An empty delegate may be called: it does nothing and returns a value-initialised result.
template <class R, class... Args>
class Delegate<R(Args...)> {
 public:
  using Function = R (*)(void*, Args...) noexcept;

  constexpr Delegate() noexcept = default;
  constexpr Delegate(void* context, Function function) noexcept
      : context_(context), function_(function) {}

  template <auto Member, class T>
  [[nodiscard]] static constexpr Delegate to(T* object) noexcept {
    return Delegate(object, [](void* context, Args... args) noexcept -> R {
      return (static_cast<T*>(context)->*Member)(std::forward<Args>(args)...);
    });
  }

  explicit constexpr operator bool() const noexcept { return function_ != nullptr; }

  R operator()(Args... args) const noexcept {
    if (function_ == nullptr) {
      if constexpr (std::is_void_v<R>) {
        return;
      } else {
        return R{};
      }
    }
    return function_(context_, std::forward<Args>(args)...);
  }

 private:
  void* context_ = nullptr;
  Function function_ = nullptr;
};

}  // namespace ringside::net
