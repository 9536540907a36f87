// AES-GCM against the test cases of its specification (McGrew and Viega, "The Galois/Counter Mode
// of Operation", appendix B, the basis of NIST SP 800-38D), and what must be refused.
#include "aes_gcm.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ringside::net {
namespace {

using Bytes = std::vector<std::byte>;

Bytes from_hex(const std::string& text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(digit(text[i]) * 16 + digit(text[i + 1])));
  }
  return bytes;
}

struct Vector {
  const char* name;
  std::string key;
  std::string iv;
  std::string aad;
  std::string plain;
  std::string cipher;
  std::string tag;
};

const std::string zeros_16 = "00000000000000000000000000000000";
const std::string key_128 = "feffe9928665731c6d6a8f9467308308";
const std::string plain_64 =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255";
const std::string plain_60 = plain_64.substr(0, 120);
const std::string aad_20 = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
const std::string iv_12 = "cafebabefacedbaddecaf888";
const std::string zero_iv = "000000000000000000000000";
const std::string cipher_128 =
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
    "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985";
const std::string cipher_256 =
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad";

const std::vector<Vector> vectors = {
    {"case 1", zeros_16, zero_iv, "", "", "", "58e2fccefa7e3061367f1d57a4e7455a"},
    {"case 2", zeros_16, zero_iv, "", zeros_16, "0388dace60b6a392f328c2b971b2fe78",
     "ab6e47d42cec13bdf53a67b21257bddf"},
    {"case 3", key_128, iv_12, "", plain_64, cipher_128, "4d5c2af327cd64a62cf35abd2ba6fab4"},
    {"case 4", key_128, iv_12, aad_20, plain_60, cipher_128.substr(0, 120),
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {"case 5, a short IV", key_128, "cafebabefacedbad", aad_20, plain_60,
     "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c7423"
     "73806900e49f24b22b097544d4896b424989b5e1ebac0f07c23f4598",
     "3612d2e79e3b0785561be14aaca2fccb"},
    {"case 7, 192 bits", zeros_16 + "0000000000000000", zero_iv, "", "", "",
     "cd33b28ac773f74ba00ed1f312572435"},
    {"case 8, 192 bits", zeros_16 + "0000000000000000", zero_iv, "", zeros_16,
     "98e7247c07f0fe411c267e4384b0f600", "2ff58d80033927ab8ef4d4587514f0fb"},
    {"case 13, 256 bits", zeros_16 + zeros_16, zero_iv, "", "", "",
     "530f8afbc74536b9a963b4f1c4cb738b"},
    {"case 14", zeros_16 + zeros_16, zero_iv, "", zeros_16, "cea7403d4d606b6e074ec5d3baf39d18",
     "d0d1c8a799996bf0265b98b5d48ab919"},
    {"case 15", key_128 + key_128, iv_12, "", plain_64, cipher_256,
     "b094dac5d93471bdec1a502270e3cc6c"},
    {"case 16", key_128 + key_128, iv_12, aad_20, plain_60, cipher_256.substr(0, 120),
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

TEST(AesGcm, agrees_with_the_specifications_test_cases) {
  AesGcm sealer;  // one object for all: a new key or IV length must leave nothing behind
  AesGcm opener;
  for (int round = 0; round < 2; ++round) {
    for (const Vector& each : vectors) {
      SCOPED_TRACE(each.name);
      const Bytes key = from_hex(each.key);
      const Bytes iv = from_hex(each.iv);
      const Bytes aad = from_hex(each.aad);
      const Bytes plain = from_hex(each.plain);
      ASSERT_TRUE(sealer.set_key(AesDirection::seal, key));
      ASSERT_TRUE(opener.set_key(AesDirection::open, key));
      Bytes out(plain.size() + 1);
      Bytes tag(16);
      ASSERT_TRUE(sealer.seal(iv, aad, plain, out.data(), tag));
      out.resize(plain.size());
      EXPECT_EQ(out, from_hex(each.cipher));
      EXPECT_EQ(tag, from_hex(each.tag));
      out.resize(plain.size() + 1);
      ASSERT_TRUE(opener.open(iv, aad, std::span(out).first(plain.size()), out.data(), tag));
      out.resize(plain.size());
      EXPECT_EQ(out, plain);  // in place
    }
  }
}

TEST(AesGcm, refuses_every_changed_bit_of_tag_cipher_aad_and_iv_and_wipes_the_plaintext) {
  const Bytes key = from_hex(key_128);
  const Bytes iv = from_hex(iv_12);
  const Bytes aad = from_hex(aad_20);
  const Bytes cipher = from_hex(cipher_128.substr(0, 120));
  const Bytes tag = from_hex("5bc94fbc3221a5db94fae95ae7121a47");
  AesGcm gcm;
  ASSERT_TRUE(gcm.set_key(AesDirection::open, key));
  Bytes out(cipher.size());
  ASSERT_TRUE(gcm.open(iv, aad, cipher, out.data(), tag));
  for (int part = 0; part < 4; ++part) {
    const Bytes* parts[] = {&iv, &aad, &cipher, &tag};
    for (std::size_t bit = 0; bit < parts[part]->size() * 8; ++bit) {
      Bytes changed[] = {iv, aad, cipher, tag};
      changed[part][bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      std::fill(out.begin(), out.end(), std::byte{0x55});
      ASSERT_FALSE(gcm.open(changed[0], changed[1], changed[2], out.data(), changed[3]));
      ASSERT_EQ(out, Bytes(cipher.size())) << "plaintext of a record that is not whole";
    }
  }
  EXPECT_TRUE(gcm.open(iv, aad, cipher, out.data(), tag)) << "and goes on with the next";
}

TEST(AesGcm, refuses_keys_of_other_sizes_and_the_wrong_direction) {
  AesGcm gcm;
  for (const std::size_t bytes : {0U, 15U, 17U, 33U}) {
    EXPECT_FALSE(gcm.set_key(AesDirection::seal, Bytes(bytes))) << bytes;
  }
  const Bytes iv = from_hex(iv_12);
  Bytes tag(16);
  EXPECT_FALSE(gcm.seal(iv, {}, {}, tag.data(), tag)) << "without a key";
  ASSERT_TRUE(gcm.set_key(AesDirection::seal, Bytes(16)));
  EXPECT_FALSE(gcm.open(iv, {}, {}, tag.data(), tag));
}

TEST(AesGcmCache, keeps_a_schedule_per_cipher_and_replaces_it_when_the_key_changes) {
  AesGcmCache cache;
  const int ciphers[8] = {};
  const Bytes first = from_hex(zeros_16);
  const Bytes second = from_hex(key_128);
  AesGcm* made = cache.find(&ciphers[0], AesDirection::seal, first);
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(cache.find(&ciphers[0], AesDirection::seal, first), made);
  EXPECT_NE(cache.find(&ciphers[0], AesDirection::open, first), made);
  EXPECT_EQ(cache.find(&ciphers[0], AesDirection::seal, second), made);  // a key update
  EXPECT_TRUE(made->holds(AesDirection::seal, second));
  EXPECT_FALSE(made->holds(AesDirection::seal, first));
  for (const int& cipher : ciphers) {
    AesGcm* each = cache.find(&cipher, AesDirection::seal, second);
    ASSERT_NE(each, nullptr);
    EXPECT_TRUE(each->holds(AesDirection::seal, second));
  }
  EXPECT_EQ(cache.find(&ciphers[0], AesDirection::seal, Bytes(5)), nullptr);
}

}  // namespace
}  // namespace ringside::net
