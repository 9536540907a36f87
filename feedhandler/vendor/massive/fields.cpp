#include "vendor/massive/fields.hpp"

namespace ringside::feed::massive {

Key find_key(std::uint64_t word) noexcept {
  switch (word) {
    case key_word("ev"):
      return Key::ev;
    case key_word("sym"):
      return Key::sym;
    case key_word("i"):
      return Key::i;
    case key_word("x"):
      return Key::x;
    case key_word("p"):
      return Key::p;
    case key_word("s"):
      return Key::s;
    case key_word("ds"):
      return Key::ds;
    case key_word("c"):
      return Key::c;
    case key_word("t"):
      return Key::t;
    case key_word("pt"):
      return Key::pt;
    case key_word("q"):
      return Key::q;
    case key_word("z"):
      return Key::z;
    case key_word("trfi"):
      return Key::trfi;
    case key_word("trft"):
      return Key::trft;
    case key_word("bx"):
      return Key::bx;
    case key_word("ax"):
      return Key::ax;
    case key_word("bp"):
      return Key::bp;
    case key_word("ap"):
      return Key::ap;
    case key_word("bs"):
      return Key::bs;
    case key_word("as"):
      return Key::as;
    case key_word("v"):
      return Key::v;
    case key_word("av"):
      return Key::av;
    case key_word("op"):
      return Key::op;
    case key_word("vw"):
      return Key::vw;
    case key_word("o"):
      return Key::o;
    case key_word("h"):
      return Key::h;
    case key_word("l"):
      return Key::l;
    case key_word("a"):
      return Key::a;
    case key_word("e"):
      return Key::e;
    case key_word("otc"):
      return Key::otc;
    case key_word("dv"):
      return Key::dv;
    case key_word("dav"):
      return Key::dav;
    case key_word("status"):
      return Key::status;
    case key_word("message"):
      return Key::message;
    default:
      return Key::unknown;
  }
}

}  // namespace ringside::feed::massive
