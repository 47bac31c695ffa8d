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
    "requirepass",
    "authorization",
    "bearer",
    "pswd",
    "_pass",
    "-pass",
    // Signatures of presigned URLs.
    "signature",
    "sig",
];
/// Words in a key that announce a secret value, beside those for which a value is refused. Rather one too many: they only hide.
const SECRET_WORDS: [&str; 11] =
    ["pass", "private key", "authenticate", ".sas", "digest", "access_key", ".auth", "jaas", "sig=", "sig:", "sig\""];

/// Returns true if the value of this key is better not shown.
pub fn announces_secret(key: &str) -> bool {
    secret_word(key).is_some()
}

/// The end of the first word that announces a secret.
pub fn secret_word(text: &str) -> Option<usize> {
    let text = text.to_ascii_lowercase();
    // Too short to be looked for within other words (`hdinsight`).
    let words = SECRET_WORDS.iter().chain(SECRET_NAMES.iter().filter(|name| **name != "sig"));
    words.filter_map(|word| text.find(word).map(|at| at + word.len())).min()
}

/// Azure's keys end with the account or the container that they are for.
const PARTS: [&str; 3] = [".account.key.", ".oauth2.client.secret.", ".azure.sas."];

/// Returns true if the value of this key is a secret.
pub fn names_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    SECRET_NAMES.iter().any(|ending| key.ends_with(ending)) || PARTS.iter().any(|part| key.contains(part))
}

/// Words anywhere in a key for which Spark itself hides the value (`spark.redaction.regex`, without case).
const REDACTED: &[&str] = &["secret", "password", "token", "accesskey", "access.key"];
/// Endings of keys that say something about a secret and do not hold one.
const ABOUT_SECRETS: &[&str] = &[
    "file",
    "files",
    "path",
    "dir",
    "name",
    "names",
    "filenames",
    "key",
    "keys",
    "class",
    "provider",
    "providers",
    "service",
    "mechanism",
    "type",
    "regex",
    "enable",
    "enabled",
    "interval",
    "lifetime",
    "expiry",
    "length",
    "size",
    "max",
    "count",
    "ttl",
    "principal",
    "pullsecrets",
    "endpoint",
    "region",
    "binding",
    "arn",
    "host",
    "port",
    "url",
];

/// Returns true if Spark hides the value of this key, and the value is not plainly something else: a switch, a number, a path or a reference.
pub fn is_redacted_by_spark(key: &str, value: &str) -> bool {
    let key = key.to_lowercase();
    let mounted = key.contains(".secrets.") || key.contains("secretkeyref.");
    let is_plain = value.starts_with(|c: char| c.is_ascii_digit())
        || ["true", "false", ""].contains(&value)
        || is_reference(value);
    // Not `tokenizer`; and an account's name behind a type says nothing else.
    let is_word = |word: &&str| {
        key.match_indices(*word).any(|(at, word)| {
            let rest = key[at + word.len()..].trim_start_matches('s');
            word != "token" || !rest.starts_with(|c: char| c.is_ascii_alphabetic())
        })
    };
    REDACTED.iter().any(is_word)
        && !mounted
        && !key.contains(".type.")
        && !key.contains(".provider.")
        && !ABOUT_SECRETS
            .iter()
            .any(|end| key.ends_with(end) && !key.ends_with("accesskey") && !key.ends_with("access.keys"))
        && !is_plain
}

/// Returns true if a value carries a secret within it: a password in a URL, or a setting such as `-Djavax.net.ssl.keyStorePassword=…`.
pub fn carries_secret(value: &str) -> bool {
    logins(value).any(|(scheme, login)| has_password(&value[login.clone()]) || is_token(scheme, &value[login]))
        || has_authorization(value)
        || value.contains("PRIVATE KEY-----")
        || TOKENS.iter().any(|begin| value.starts_with(begin))
        || of_oracle(value)
        || value.split(|c: char| c.is_whitespace() || ",;&?\"'".contains(c)).any(sets_secret)
}

/// The beginnings of tokens that say what they are: of GitHub, GitLab and Slack.
const TOKENS: &[&str] = &["ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xoxb-", "xoxp-"];

/// Returns true for a login of HTTP that is a token by itself: longer than names of people are.
fn is_token(scheme: &str, login: &str) -> bool {
    (scheme.ends_with("http") || scheme.ends_with("https"))
        && login.len() >= 20
        && login.bytes().any(|byte| byte.is_ascii_digit())
}

/// Returns true for `jdbc:oracle:thin:user/password@host`.
fn of_oracle(value: &str) -> bool {
    let rest = value.strip_prefix("jdbc:oracle:").and_then(|rest| rest.split_once(':'));
    rest.and_then(|(_, rest)| rest.split_once('@')).is_some_and(|(login, _)| {
        login.split_once('/').is_some_and(|(_, password)| !password.is_empty() && !is_reference(password))
    })
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
            "jdbc:oracle:thin:scott/tiger@db:1521:x",
            "https://0123456789abcdef0123456789abcdef@example.org/x.git",
            "-----BEGIN PRIVATE KEY-----\nabc",
            "ghp_abc",
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
            "https://ops@example.org/x",
            "https://a-long-organization@dev.example.com/x",
            "jdbc:oracle:thin:app/$PASSWORD@db:1521:x",
            "jdbc:oracle:thin:@db:1521:x",
            "Authorization: $TOKEN",
        ] {
            assert!(!carries_secret(value), "{value}");
        }
        for key in [
            "spark.my.passwordx",
            "spark.mysecretx.y",
            "spark.a.accesskeyid",
            "spark.a.access.keys",
            "spark.a.tokens",
            "spark.hadoop.fs.s3n.awsAccessKeyId",
        ] {
            assert!(is_redacted_by_spark(key, "abc"), "{key}");
        }
        for (key, value) in [
            ("spark.kubernetes.driver.secrets.db", "/etc/secrets"),
            ("spark.authenticate.secretBitLength", "256"),
            ("spark.hadoop.security.token.service.use_ip", "false"),
            ("spark.hadoop.fs.s3a.aws.credentials.provider", "com.amazonaws.auth.X"),
            ("spark.kubernetes.authenticate.driver.oauthTokenFile", "/run/token"),
            ("spark.kubernetes.kerberos.tokenSecret.name", "kerberos"),
            ("spark.kubernetes.container.image.pullSecrets", "regcred"),
            ("spark.hadoop.fs.azure.sas.token.provider.type.a.dfs.core.windows.net", "com.x.Provider"),
            ("spark.hadoop.fs.azure.account.oauth2.refresh.token.endpoint", "https://login.example.com"),
            ("spark.hadoop.fs.s3a.delegation.token.binding", "org.apache.X"),
            ("spark.nlp.tokenizer.mode", "whitespace"),
        ] {
            assert!(!is_redacted_by_spark(key, value), "{key}");
        }
        assert!(
            asks_for_secret("--password")
                && asks_for_secret("--api-key")
                && !asks_for_secret("--password=x")
                && !asks_for_secret("password")
        );
    }
}
