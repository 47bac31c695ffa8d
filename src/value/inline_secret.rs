//! Recognizes secrets that are written as values, where a topology may only refer to them.

use std::ops::Range;

/// Endings of keys whose values are secrets.
pub const SECRET_NAMES: &[&str] = &[
    "secret",
    "password",
    "token",
    "access.key",
    "access-key",
    "access_key",
    "accesskey",
    "account.key",
    "account-key",
    "account_key",
    "accountkey",
    "api.key",
    "api-key",
    "api_key",
    "apikey",
    "encryption.key",
    "encryption-key",
    "encryption_key",
    "encryptionkey",
    "private.key",
    "private-key",
    "private_key",
    "privatekey",
    "secret.key",
    "secret-key",
    "secret_key",
    "secretkey",
    "shared.key",
    "shared-key",
    "shared_key",
    "sharedkey",
    "storage.key",
    "storage-key",
    "storage_key",
    "storagekey",
    "jaas.config",
    "connectionstring",
    "connection-string",
    "connection_string",
    "credential",
    "credentials",
    "passphrase",
    "passwd",
    "pwd",
    ".pass",
    // spark-redis has its password there.
    "redis.auth",
    // Signatures of presigned URLs.
    "signature",
    "sig",
];
/// Azure's keys end with the account or the container that they are for.
const PARTS: [&str; 3] = [".account.key.", ".oauth2.client.secret.", ".azure.sas."];

/// Returns true if the value of this key is a secret.
pub fn names_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    SECRET_NAMES.iter().any(|ending| key.ends_with(ending)) || PARTS.iter().any(|part| key.contains(part))
}

/// Returns true if a value carries a secret within it: a password in a URL, or a setting such as `-Djavax.net.ssl.keyStorePassword=…`.
pub fn carries_secret(value: &str) -> bool {
    logins(value).any(|(_, login)| has_password(&value[login]))
        || has_authorization(value)
        || value.split(|c: char| c.is_whitespace() || ",;&?\"'".contains(c)).any(sets_secret)
}

/// Returns true for the header of HTTP that carries a token or a password.
fn has_authorization(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    value
        .split_once("authorization:")
        .is_some_and(|(_, rest)| !rest.trim().is_empty() && !is_reference(rest.trim_start()))
}

/// Returns true if this is an option that announces a secret as the word after it (`--password`).
pub fn asks_for_secret(word: &str) -> bool {
    word.starts_with('-') && !word.contains('=') && names_secret(word)
}

/// The place of each `user:password` in a URL, and of each user over HTTP, which is how tokens are given.
pub fn logins_in_urls(text: &str) -> impl Iterator<Item = Range<usize>> {
    logins(text)
        .filter(|(scheme, login)| {
            has_password(&text[login.clone()]) || scheme.ends_with("http") || scheme.ends_with("https")
        })
        .map(|(_, login)| login)
}

/// The scheme of each URL that has a login, with all before it, and the login's place.
fn logins(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    text.match_indices("://").filter_map(|(at, scheme)| {
        let start = at + scheme.len();
        let rest = &text[start..];
        let authority = &rest[..rest.find(|c: char| c.is_whitespace() || "/?#\"'".contains(c)).unwrap_or(rest.len())];
        let (login, _) = authority.rsplit_once('@')?;
        Some((&text[..at], start..start + login.len()))
    })
}

fn has_password(login: &str) -> bool {
    login.split_once(':').is_some_and(|(_, password)| !password.is_empty())
}

/// Returns true if `key=value` sets a secret; a reference only says where it is.
fn sets_secret(word: &str) -> bool {
    let Some((key, value)) = word.split_once('=') else { return false };
    names_secret(key) && !value.is_empty() && !is_reference(value)
}

/// Returns true if a word is a path, a variable or a placeholder, which say where something is, or an option.
pub fn is_reference(word: &str) -> bool {
    word.starts_with(['/', '$', '{', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_within_a_value_is_recognized_and_what_names_one_is_not() {
        for value in [
            "https://ops:hunter2@example.org/spark.tgz",
            "jdbc:postgresql://u:p@db:5432/x",
            "-Xmx1g -Djavax.net.ssl.trustStorePassword=hunter2 -Dx=y",
            "jdbc:postgresql://db/x?user=a&password=hunter2",
            "https://account.blob.core.windows.net/c/a.jar?sv=2024&sig=abc%3D",
            "--api-token=abc",
            "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=abc==;EndpointSuffix=core.windows.net",
            "Authorization: Bearer abc",
        ] {
            assert!(carries_secret(value), "{value}");
        }
        for value in [
            "https://example.org/spark.tgz",
            "abfss://container@account.dfs.core.windows.net/events",
            "spark://h1:7077,h2:7077",
            "-Djavax.net.ssl.trustStorePassword=$PASSWORD",
            "--password=/run/secrets/db",
            "--tokens=3",
            "git@example.org:a/b",
            "Authorization: $TOKEN",
        ] {
            assert!(!carries_secret(value), "{value}");
        }
        assert!(
            asks_for_secret("--password")
                && asks_for_secret("--api-key")
                && !asks_for_secret("--password=x")
                && !asks_for_secret("password")
        );
    }
}
