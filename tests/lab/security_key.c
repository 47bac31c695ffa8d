/* A security key in software, for tests: what OpenSSH asks of a library that speaks to FIDO keys (its PROTOCOL.u2f, version 10 of the interface).
   The key handle is the private key. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

struct enrolled {
  uint8_t flags;
  uint8_t *public_key; size_t public_key_len;
  uint8_t *key_handle; size_t key_handle_len;
  uint8_t *signature; size_t signature_len;
  uint8_t *attestation_cert; size_t attestation_cert_len;
  uint8_t *authdata; size_t authdata_len;
};
struct signature {
  uint8_t flags;
  uint32_t counter;
  uint8_t *sig_r; size_t sig_r_len;
  uint8_t *sig_s; size_t sig_s_len;
};
struct option;
struct resident_key;
enum { ED25519 = 1, FAILED = -1, UNSUPPORTED = -2, KEY = 32, SIGNATURE = 64, VERSION = 0x000a0000 };

uint32_t sk_api_version(void) { return VERSION; }

static uint8_t *copy(const void *from, size_t len) { uint8_t *to = malloc(len); if (to) memcpy(to, from, len); return to; }

int sk_enroll(uint32_t algorithm, const uint8_t *challenge, size_t challenge_len, const char *application, uint8_t flags, const char *pin,
              struct option **options, struct enrolled **out) {
  if (algorithm != ED25519) return UNSUPPORTED;
  EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
  uint8_t public[KEY], private[KEY];
  size_t length = KEY;
  if (!key || !EVP_PKEY_get_raw_public_key(key, public, &length) || !EVP_PKEY_get_raw_private_key(key, private, &length)) return FAILED;
  struct enrolled *made = calloc(1, sizeof *made);
  made->flags = flags;
  made->public_key = copy(public, KEY); made->public_key_len = KEY;
  made->key_handle = copy(private, KEY); made->key_handle_len = KEY;
  made->signature = calloc(1, SIGNATURE); made->signature_len = SIGNATURE;
  made->attestation_cert = calloc(1, 1); made->attestation_cert_len = 1;
  made->authdata = calloc(1, 1); made->authdata_len = 1;
  *out = made;
  EVP_PKEY_free(key);
  return 0;
}

int sk_sign(uint32_t algorithm, const uint8_t *data, size_t data_len, const char *application, const uint8_t *key_handle, size_t key_handle_len,
            uint8_t flags, const char *pin, struct option **options, struct signature **out) {
  if (algorithm != ED25519 || key_handle_len != KEY) return UNSUPPORTED;
  /* PROTOCOL.u2f: digest of the application, flags, counter, digest of the message. */
  uint8_t text[32 + 1 + 4 + 32] = {0}, signed_[SIGNATURE];
  SHA256((const uint8_t *)application, strlen(application), text);
  text[32] = flags;
  text[36] = 1;
  SHA256(data, data_len, text + 37);
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key_handle, KEY);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  size_t length = SIGNATURE;
  if (!key || !context || EVP_DigestSignInit(context, NULL, NULL, NULL, key) != 1 ||
      EVP_DigestSign(context, signed_, &length, text, sizeof text) != 1)
    return FAILED;
  struct signature *made = calloc(1, sizeof *made);
  made->flags = flags;
  made->counter = 1;
  made->sig_r = copy(signed_, SIGNATURE); made->sig_r_len = SIGNATURE;
  *out = made;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return 0;
}

int sk_load_resident_keys(const char *pin, struct option **options, struct resident_key ***keys, size_t *count) { return UNSUPPORTED; }
